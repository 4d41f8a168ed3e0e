#include "bnn/prediction/prediction_output.h"

#include <algorithm>
#include <fmt/format.h>
#include <span>
#include <string_view>

#include "bnn/core/csv_text.h"
#include "bnn/core/display_text.h"
#include "bnn/core/json.h"
#include "bnn/output/class_label.h"

namespace bnn {
namespace {

std::size_t listed_classes(const PredictionFormat& format) {
  return static_cast<std::size_t>(std::clamp(format.top_k, 0, format.classes));
}

std::span<const OutlierScore> listed_scores(const PredictionFormat& format) {
  return std::span(kOutlierScores).first(format.scores);
}

// Nothing where no threshold was given.
std::optional<bool> abstains(const PredictionFormat& format, const Summary& summary) {
  if (!format.abstain_above && !format.abstain_below) return std::nullopt;
  const bool unsure = format.abstain_above && summary.*format.abstain_score > *format.abstain_above;
  return unsure || (format.abstain_below && summary.confidence < *format.abstain_below);
}

std::string json_prediction(const PredictionFormat& format, const PredictionRow& row) {
  const Summary& summary = row.summary;
  Json line;
  line["index"] = row.index;
  line["input"] = row.input;
  if (row.label) line["label"] = *row.label;
  line["predicted"] = summary.predicted;
  if (!format.class_names.empty()) {
    line["class"] = class_label(format.class_names, summary.predicted);
  }
  line["confidence"] = summary.confidence;
  line["probabilities"] = summary.probabilities;
  line["probabilities_std"] = summary.probabilities_std;
  for (const UncertaintyScore& score : kUncertaintyScores) line[score.name] = summary.*score.value;
  const std::optional<bool> abstain = abstains(format, summary);
  line["abstain"] = abstain ? Json(*abstain) : Json(nullptr);
  if (format.top_k > 0) {
    Json best = Json::array();
    for (const std::size_t k : most_probable(summary.probabilities, listed_classes(format))) {
      best.push_back({{"class", class_label(format.class_names, static_cast<int>(k))},
                      {"probability", summary.probabilities[k]}});
    }
    line["top_k"] = std::move(best);
  }
  if (row.prediction_set) {
    Json set = Json::array();
    for (const int k : *row.prediction_set) set.push_back(class_label(format.class_names, k));
    line["prediction_set"] = std::move(set);
  }
  for (const OutlierScore& score : listed_scores(format)) {
    line[score.name] = summary.*score.value;
  }
  return json_line(line);
}

// The "-" of standard input and its images "-#0", "-#1", … No spreadsheet computes them.
bool is_standard_input(const std::string& input) {
  return input == "-" ||
         (input.starts_with("-#") && input.find_first_not_of("0123456789", 2) == std::string::npos);
}

std::string csv_input(const std::string& input) {
  return is_standard_input(input) ? input : csv_name(input);
}

std::string csv_class(const PredictionFormat& format, std::size_t index) {
  return csv_name(class_text(format.class_names, index));
}

std::string csv_set(const PredictionFormat& format, const std::vector<int>& set) {
  std::string text;
  for (const int k : set) {
    if (!text.empty()) text += ';';
    text += csv_class(format, static_cast<std::size_t>(k));
  }
  return text;
}

std::string csv_prediction(const PredictionFormat& format, const PredictionRow& row) {
  const Summary& summary = row.summary;
  std::vector<std::string> fields = {std::to_string(row.index), csv_input(row.input)};
  if (format.has_labels) fields.push_back(row.label ? std::to_string(*row.label) : "");
  fields.push_back(std::to_string(summary.predicted));
  if (!format.class_names.empty()) {
    fields.push_back(csv_class(format, static_cast<std::size_t>(summary.predicted)));
  }
  fields.push_back(shortest(summary.confidence));
  for (const double p : summary.probabilities) fields.push_back(shortest(p));
  for (const double deviation : summary.probabilities_std) fields.push_back(shortest(deviation));
  for (const UncertaintyScore& score : kUncertaintyScores) {
    fields.push_back(shortest(summary.*score.value));
  }
  const std::optional<bool> abstain = abstains(format, summary);
  fields.push_back(!abstain ? "" : *abstain ? "true" : "false");
  for (const std::size_t k : most_probable(summary.probabilities, listed_classes(format))) {
    fields.push_back(csv_class(format, k));
    fields.push_back(shortest(summary.probabilities[k]));
  }
  if (row.prediction_set) fields.push_back(csv_set(format, *row.prediction_set));
  for (const OutlierScore& score : listed_scores(format)) {
    fields.push_back(shortest(summary.*score.value));
  }
  return csv_line(fields);
}

std::string probability_column(int index) { return fmt::format("p{}", index); }

}  // namespace

std::string prediction_header(const PredictionFormat& format) {
  if (!format.has_header) return "";
  if (!format.csv) return "";
  std::vector<std::string> fields = {"index", "input"};
  if (format.has_labels) fields.push_back("label");
  fields.push_back("predicted");
  if (!format.class_names.empty()) fields.push_back("class");
  fields.push_back("confidence");
  for (int k = 0; k < format.classes; ++k) fields.push_back(probability_column(k));
  for (int k = 0; k < format.classes; ++k) fields.push_back(probability_column(k) + "_std");
  for (const UncertaintyScore& score : kUncertaintyScores) fields.push_back(score.name);
  fields.push_back("abstain");
  for (std::size_t k = 1; k <= listed_classes(format); ++k) {
    fields.push_back(fmt::format("top_{}", k));
    fields.push_back(fmt::format("top_{}_probability", k));
  }
  if (format.prediction_sets) fields.push_back("prediction_set");
  for (const OutlierScore& score : listed_scores(format)) fields.push_back(score.name);
  return csv_line(fields);
}

std::string prediction_line(const PredictionFormat& format, const PredictionRow& row) {
  return format.csv ? csv_prediction(format, row) : json_prediction(format, row);
}

std::string error_line(std::size_t index, const std::string& input, const std::string& problem) {
  Json line;
  line["index"] = index;
  line["input"] = input;
  line["error"] = problem;
  return json_line(line);
}

}  // namespace bnn
