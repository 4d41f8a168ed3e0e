#include "bnn/output/pruning_output.h"

#include "bnn/core/display_text.h"

namespace bnn {

Json pruning_json(const std::vector<PruningPoint>& points) {
  Json list = Json::array();
  for (const PruningPoint& point : points) {
    list.push_back({{"kept", point.kept},
                    {"accuracy", point.accuracy},
                    {"nll", point.nll},
                    {"ece", point.ece}});
  }
  return list;
}

std::string pruning_table(const std::vector<PruningPoint>& points) {
  std::string text =
      "\nPruning: random weights of the lowest |mean| / scale set to 0\n"
      "  kept       accuracy     nll      ece\n";
  for (const PruningPoint& point : points) {
    text += "  " + fixed(point.kept, 4) + right_aligned(fixed(point.accuracy, 4), 13);
    text += right_aligned(fixed(point.nll, 4), 8) + right_aligned(fixed(point.ece, 4), 9) + "\n";
  }
  return text;
}

}  // namespace bnn
