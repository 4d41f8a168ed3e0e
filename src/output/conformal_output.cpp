#include "bnn/output/conformal_output.h"

#include <cmath>
#include <fmt/format.h>

#include "bnn/core/display_text.h"
#include "bnn/data/class_names.h"

namespace bnn {
namespace {

constexpr std::size_t kShownSizes = 10;  // larger sets share a row

std::string headline(const std::string& name, const std::string& value,
                     const std::string& explanation) {
  return fmt::format("  {}{:>8}  {}\n", fitted(name, 19), value, explanation);
}

// Cut to 24 columns, without the spaces that fill them up.
std::string shown_name(const std::string& name) {
  const std::string text = fitted(name, 24);
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

// The class with the lowest coverage; the first of equals. Its index, or -1 without examples.
int worst_class(const ConformalResult& result) {
  int worst = -1;
  double lowest = 2;
  for (std::size_t k = 0; k < result.class_coverage.size(); ++k) {
    if (!(result.class_coverage[k] < lowest)) continue;
    lowest = result.class_coverage[k];
    worst = static_cast<int>(k);
  }
  return worst;
}

std::string size_row(const std::string& size, std::size_t sets, std::size_t covered) {
  if (sets == 0) return "";
  const double coverage = static_cast<double>(covered) / static_cast<double>(sets);
  return fmt::format("  {:>7}{:>12}{:>12}\n", size, sets, fixed(coverage, 4));
}

std::string size_table(const ConformalResult& result) {
  std::string text = "  classes        sets    coverage\n";
  std::size_t more = 0, more_covered = 0;
  for (std::size_t size = 0; size < result.size_counts.size(); ++size) {
    if (size <= kShownSizes) {
      text += size_row(std::to_string(size), result.size_counts[size], result.size_covered[size]);
    } else {
      more += result.size_counts[size];
      more_covered += result.size_covered[size];
    }
  }
  return text + size_row("more", more, more_covered);
}

}  // namespace

Json conformal_json(const ConformalResult& result) {
  Json class_coverage = Json::array();
  for (const double coverage : result.class_coverage) {
    class_coverage.push_back(std::isnan(coverage) ? Json(nullptr) : Json(coverage));
  }
  const bool finite = std::isfinite(result.rule.threshold);
  return {{"score", name_of(kConformalScoreNames, result.rule.score)},
          {"target", result.rule.target},
          {"threshold", finite ? Json(result.rule.threshold) : Json(nullptr)},
          {"calibration_examples", result.rule.calibration_examples},
          {"coverage", result.coverage},
          {"mean_size", result.mean_size},
          {"size_counts", result.size_counts},
          {"size_covered", result.size_covered},
          {"class_coverage", class_coverage}};
}

std::string conformal_text(const ConformalResult& result,
                           const std::vector<std::string>& class_names) {
  const ConformalRule& rule = result.rule;
  std::string text = fmt::format(
      "\nPrediction sets ({}) that are to hold the label in {} % of the cases, from\n"
      "{} calibration examples\n",
      name_of(kConformalScoreNames, rule.score), significant(100 * rule.target, 6),
      rule.calibration_examples);
  if (!std::isfinite(rule.threshold)) {
    text += "  too few of them for this coverage: every set holds every class\n";
  }
  text += headline("coverage", fixed(result.coverage, 4), "share of the sets that hold the label") +
          headline("mean_size", fixed(result.mean_size, 4), "classes in a set");
  if (const int worst = worst_class(result); worst >= 0) {
    const auto index = static_cast<std::size_t>(worst);
    text += headline("lowest coverage", fixed(result.class_coverage[index], 4),
                     "of class " + shown_name(class_text(class_names, index)));
  }
  return text + size_table(result);
}

}  // namespace bnn
