#include "bnn/output/pruning_output.h"

#include <fmt/format.h>

#include "bnn/core/display_text.h"
#include "bnn/output/metric_values_output.h"

namespace bnn {

Json pruning_json(const std::vector<PruningPoint>& points) {
  Json list = Json::array();
  for (const PruningPoint& point : points) {
    Json one;
    one["kept"] = point.kept;
    add_values(one, kPointMetrics, point.metrics);
    list.push_back(std::move(one));
  }
  return list;
}

std::string pruning_table(const std::vector<PruningPoint>& points) {
  std::string text =
      "\nPruning: random weights of the lowest |mean| / scale set to 0\n"
      "  kept       accuracy     nll      ece\n";
  for (const PruningPoint& point : points) {
    text += fmt::format("  {}{:>13}{:>8}{:>9}\n", fixed(point.kept, 4),
                        fixed(point.metrics.accuracy, 4), fixed(point.metrics.nll, 4),
                        fixed(point.metrics.ece, 4));
  }
  return text;
}

}  // namespace bnn
