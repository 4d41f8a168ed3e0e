#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "bnn/core/display_text.h"
#include "bnn/output/conformal_output.h"
#include "bnn/output/corruption_output.h"
#include "bnn/output/evaluation_headlines.h"
#include "bnn/output/evaluation_output.h"
#include "bnn/output/pruning_output.h"

namespace bnn {
namespace {

constexpr std::size_t kColumns = 80;
constexpr std::size_t kMaxMatrixClasses = 20;
constexpr int kDecimals = 4;

std::string plural(std::size_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string networks(std::size_t members) {
  return members == 1 ? "the network" : fmt::format("{} networks", members);
}

std::string number(double value, std::size_t columns) {
  return right_aligned(fixed(value, kDecimals), columns);
}

std::string number_or_dash(const std::optional<double>& value, std::size_t columns) {
  return value ? number(*value, columns) : right_aligned("-", columns);
}

std::string count_text(std::size_t count, std::size_t columns) {
  return fmt::format("{:>{}}", count, columns);
}

std::size_t digits(std::size_t value) { return std::to_string(value).size(); }

// Twenty cells over [0, 1]: '#' up to the accuracy, '|' at the mean confidence.
std::string bar(const CalibrationBin& bin) {
  constexpr std::size_t kCells = 20;
  const auto cells = [](double share) {
    return static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(kCells));
  };
  std::string text(kCells, ' ');
  std::fill_n(text.begin(), cells(bin.accuracy), '#');
  text[std::min(cells(bin.confidence), kCells - 1)] = '|';
  return text;
}

std::string reliability_row(const CalibrationBin& bin) {
  std::string row =
      "  " + fixed(bin.lower, 3) + "-" + fixed(bin.upper, 3) + count_text(bin.count, 10);
  if (bin.count == 0)
    return row + right_aligned("-", 12) + right_aligned("-", 10) + right_aligned("-", 9) + "\n";
  const double gap = bin.accuracy - bin.confidence;
  const std::string sign = gap < 0 ? "-" : "+";
  row += number(bin.confidence, 12) + number(bin.accuracy, 10) +
         right_aligned(sign + fixed(std::abs(gap), kDecimals), 9);
  return row + "  " + bar(bin) + "\n";
}

std::string reliability_table(const Metrics& metrics) {
  std::string text =
      "\nReliability: of the predictions with confidence c, a share c should be right\n"
      "  bin             count  confidence  accuracy      gap  0 # accuracy | conf. 1\n";
  for (const CalibrationBin& bin : metrics.calibration) text += reliability_row(bin);
  return text;
}

std::string name_of(const std::vector<std::string>& class_names, std::size_t index) {
  return index < class_names.size() ? class_names[index] : "";
}

// The column that names the class of a row: its index and, where names are known, its name.
struct RowLabels {
  const std::vector<std::string>& class_names;
  std::size_t classes;
  std::size_t name_columns;

  std::size_t index_columns() const { return std::max<std::size_t>(digits(classes - 1), 2); }
  std::size_t columns() const {
    return 2 + index_columns() + (class_names.empty() ? 0 : 1 + name_columns);
  }
  std::string row(std::size_t index) const {
    std::string label = std::string("  ") + count_text(index, index_columns());
    if (!class_names.empty()) {
      label += ' ';
      label += fitted(name_of(class_names, index), name_columns);
    }
    return label;
  }
};

std::string class_table(const Metrics& metrics, const std::vector<std::string>& class_names) {
  const RowLabels labels{class_names, metrics.per_class.size(), 24};
  std::string text = "\nClasses: accuracy is that of telling the class from the rest\n";
  text += std::string(labels.columns(), ' ') + right_aligned("examples", 10) +
          right_aligned("accuracy", 10) + right_aligned("precision", 11) +
          right_aligned("recall", 9) + right_aligned("auroc", 9) + "\n";
  for (std::size_t k = 0; k < metrics.per_class.size(); ++k) {
    const ClassMetrics& one = metrics.per_class[k];
    text += labels.row(k) + count_text(one.examples, 10) + number(one.accuracy, 10) +
            number_or_dash(one.precision, 11) + number_or_dash(one.recall, 9) +
            number_or_dash(one.auroc, 9) + "\n";
  }
  return text;
}

std::size_t largest_entry(const std::vector<std::vector<std::size_t>>& matrix) {
  std::size_t largest = 0;
  for (const std::vector<std::size_t>& row : matrix) {
    largest = std::max(largest, *std::max_element(row.begin(), row.end()));
  }
  return largest;
}

// A matrix wider than the page is cut into blocks of columns, one below the other.
std::string confusion_table(const Metrics& metrics, const std::vector<std::string>& class_names) {
  const std::vector<std::vector<std::size_t>>& matrix = metrics.confusion_matrix;
  const std::size_t classes = matrix.size();
  if (classes < 2 || classes > kMaxMatrixClasses) return "";
  const RowLabels labels{class_names, classes, 12};
  const std::size_t cell = std::max<std::size_t>(digits(largest_entry(matrix)), 3) + 2;
  const std::size_t block = std::max<std::size_t>((kColumns - labels.columns()) / cell, 1);
  std::string text = "\nConfusion matrix: one row a label, one column a predicted class\n";
  for (std::size_t first = 0; first < classes; first += block) {
    const std::size_t end = std::min(first + block, classes);
    if (first > 0) text += "\n";
    text += std::string(labels.columns(), ' ');
    for (std::size_t k = first; k < end; ++k) text += count_text(k, cell);
    text += "\n";
    for (std::size_t y = 0; y < classes; ++y) {
      text += labels.row(y);
      for (std::size_t k = first; k < end; ++k) text += count_text(matrix[y][k], cell);
      text += "\n";
    }
  }
  return text;
}

std::string detection_row(const std::string& name, const Detection& detection) {
  return "  " + fitted(name, 19) + number(detection.auroc, 8) + number(detection.aupr, 10) +
         number(detection.aupr_in, 10) + number(detection.fpr95, 10) + "\n";
}

std::string ood_table(const OodMetrics& ood) {
  std::string text = "\nOut-of-distribution detection: " + plural(ood.examples, "example") +
                     " of another kind to be found\n" +
                     "  (\"out\" is the positive class; for aupr_in the test set is)\n" +
                     "  score                 auroc      aupr   aupr_in     fpr95\n";
  for (const NamedOodScore& score : kOodScores) {
    if (const auto& found = ood.*score.detection) text += detection_row(score.name, *found);
  }
  return text;
}

std::string title(const Evaluation& evaluation) {
  const std::string examples = plural(evaluation.metrics.examples, "example");
  switch (evaluation.single_pass) {
    case SinglePass::mean_weights:
      return examples + ", one pass with the posterior means and no noise\n\n";
    case SinglePass::no_noise:
      return examples + ", one pass of " + networks(evaluation.members) +
             (evaluation.members == 1 ? "\n(It has" : "\n(They have") +
             " no noise: samples and mean weights would all give the same.)\n\n";
    case SinglePass::no:
      break;
  }
  return examples + ", " + plural(evaluation.samples, "sample") + " of " +
         networks(evaluation.members) + " for each\n\n";
}

}  // namespace

std::string evaluation_text(const Evaluation& evaluation) {
  const Metrics& metrics = evaluation.metrics;
  std::string text = title(evaluation) + headline_sentences(evaluation) +
                     headline_table(evaluation) + risk_table(evaluation) + sweep_table(evaluation) +
                     reliability_table(metrics) + class_table(metrics, evaluation.class_names) +
                     confusion_table(metrics, evaluation.class_names);
  if (evaluation.ood) text += ood_table(*evaluation.ood);
  if (!evaluation.pruning.empty()) text += pruning_table(evaluation.pruning);
  if (evaluation.temperature) {
    text += "\nProbabilities were scaled by the temperature " + fixed(*evaluation.temperature, 4) +
            "\n";
  }
  if (evaluation.conformal) text += conformal_text(*evaluation.conformal, evaluation.class_names);
  if (!evaluation.corruptions.empty()) text += corruption_tables(metrics, evaluation.corruptions);
  return text;
}

}  // namespace bnn
