#include "bnn/report/report_classes.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>

#include "bnn/data/class_names.h"
#include "bnn/report/html_text.h"
#include "bnn/report/report_class_balance.h"
#include "bnn/report/report_class_calibration.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxMatrixClasses = 20;
constexpr std::size_t kMaxPairs = 24;
constexpr std::size_t kMaxClassRows = 100;

using Matrix = std::vector<std::vector<std::size_t>>;

std::size_t row_sum(const std::vector<std::size_t>& row) {
  std::size_t sum = 0;
  for (const std::size_t count : row) sum += count;
  return sum;
}

// The shade of a cell, from its share of the examples of the label: errors are rare, so the steps
// are roughly those of a logarithm.
int shade(std::size_t count, std::size_t total) {
  if (count == 0 || total == 0) return 0;
  const double share = static_cast<double>(count) / static_cast<double>(total);
  int level = 1;
  for (const double bound : {0.005, 0.01, 0.02, 0.05, 0.1, 0.2}) level += share >= bound ? 1 : 0;
  return level;
}

Markup matrix_cell(const Matrix& matrix, std::size_t label, std::size_t predicted,
                   std::size_t total) {
  const std::size_t count = matrix[label][predicted];
  if (label == predicted) return markup("<td class=\"hit\">{}</td>", count);
  if (count == 0) return "<td class=\"none\">·</td>";
  return markup("<td class=\"e{}\">{}</td>", shade(count, total), count);
}

Markup confusion_matrix(const Matrix& matrix, const std::vector<std::string>& class_names) {
  const std::size_t classes = matrix.size();
  Markup html = markup(
      "<div class=\"scroll\" role=\"region\" aria-label=\"Confusion matrix\" "
      "tabindex=\"0\">\n<table class=\"matrix{}{}\">\n<caption><b>Confusion matrix.</b> A row for "
      "each label, a column for each predicted class. What is right is framed; errors are darker "
      "the larger their share of the label.</caption>\n<thead><tr><td></td>",
      classes > 10 ? " large" : "", class_names.empty() ? " plain" : "");
  for (std::size_t k = 0; k < classes; ++k) {
    html += markup("<th scope=\"col\"><span>{}</span></th>", html_name(class_text(class_names, k)));
  }
  html += "</tr></thead>\n<tbody>\n";
  for (std::size_t y = 0; y < classes; ++y) {
    const std::size_t total = row_sum(matrix[y]);
    html += markup("<tr><th scope=\"row\">{}</th>", html_name(class_text(class_names, y)));
    for (std::size_t k = 0; k < classes; ++k) html += matrix_cell(matrix, y, k, total);
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table>\n</div>\n";
}

struct ConfusedPair {
  std::size_t label, predicted, count;
};

std::vector<ConfusedPair> most_confused(const Matrix& matrix) {
  std::vector<ConfusedPair> pairs;
  for (std::size_t y = 0; y < matrix.size(); ++y) {
    for (std::size_t k = 0; k < matrix[y].size(); ++k) {
      if (k != y && matrix[y][k] > 0) pairs.push_back({y, k, matrix[y][k]});
    }
  }
  const std::size_t kept = std::min(kMaxPairs, pairs.size());
  std::partial_sort(pairs.begin(), pairs.begin() + static_cast<std::ptrdiff_t>(kept), pairs.end(),
                    [](const ConfusedPair& a, const ConfusedPair& b) {
                      return std::tie(b.count, a.label, a.predicted) <
                             std::tie(a.count, b.label, b.predicted);
                    });
  pairs.resize(kept);
  return pairs;
}

Markup pair_table(const Matrix& matrix, const std::vector<std::string>& class_names) {
  HtmlTable table{"Most frequent confusions.",
                  "The share is of the examples of the label.",
                  {"Label", "taken for", "examples", "share"},
                  {},
                  "pairs"};
  for (const ConfusedPair& pair : most_confused(matrix)) {
    const double total = static_cast<double>(row_sum(matrix[pair.label]));
    table.rows.push_back({html_name(class_text(class_names, pair.label)),
                          html_name(class_text(class_names, pair.predicted)),
                          html_count(pair.count),
                          html_percent(static_cast<double>(pair.count) / total, 1)});
  }
  return table.rows.empty() ? Markup() : html_table(table);
}

// A number of a class with its interval below it.
Markup share_cell(const Evaluation& evaluation, std::size_t k, std::optional<double> share,
                  Bounds ClassBounds::*bounds) {
  const Markup number = html_number(share.value_or(std::nan("")), 4);
  if (!evaluation.intervals || k >= evaluation.intervals->per_class.size()) return number;
  const Bounds& interval = evaluation.intervals->per_class[k].*bounds;
  return interval.defined() ? number + "<br>" + html_interval(interval, 3) : number;
}

// The classes in their order or, of very many, those of the lowest recall.
std::vector<ClassMetrics> shown_classes(const Metrics& metrics) {
  std::vector<ClassMetrics> classes = metrics.per_class;
  if (classes.size() <= kMaxClassRows) return classes;
  std::stable_sort(classes.begin(), classes.end(),
                   [](const ClassMetrics& a, const ClassMetrics& b) {
                     return a.recall.value_or(2) < b.recall.value_or(2);
                   });
  classes.resize(kMaxClassRows);
  return classes;
}

Markup class_table(const Evaluation& evaluation) {
  const Metrics& metrics = evaluation.metrics;
  HtmlTable table{"Classes.",
                  "Accuracy is that of telling the class from the rest; a dash is a value that "
                  "no example defines.",
                  {"Class", "examples", "accuracy", "precision", "recall", "AUROC"},
                  {},
                  "classes"};
  if (evaluation.intervals && !evaluation.intervals->per_class.empty()) {
    table.note += " Below each value is the range of 95&nbsp;% of resampled test sets.";
  }
  if (metrics.per_class.size() > kMaxClassRows) {
    table.note += markup(" The {} of the lowest recall of {}.", html_count(kMaxClassRows),
                         html_count(metrics.per_class.size()));
  }
  for (const ClassMetrics& one : shown_classes(metrics)) {
    const auto k = static_cast<std::size_t>(one.label);
    table.rows.push_back({html_name(class_text(evaluation.class_names, k)),
                          html_count(one.examples),
                          share_cell(evaluation, k, one.accuracy, &ClassBounds::accuracy),
                          share_cell(evaluation, k, one.precision, &ClassBounds::precision),
                          share_cell(evaluation, k, one.recall, &ClassBounds::recall) +
                              (one.recall ? html_bar(*one.recall) : Markup()),
                          share_cell(evaluation, k, one.auroc, &ClassBounds::auroc)});
  }
  return table.rows.empty() ? Markup() : html_table(table);
}

}  // namespace

ReportSection classes_section(const Evaluation& evaluation) {
  const Matrix& matrix = evaluation.metrics.confusion_matrix;
  Markup body = class_balance_sentence(evaluation) +
                html_figures({html_beside(class_balance_table(evaluation)),
                              html_beside(class_calibration_table(evaluation))});
  if (matrix.size() > 1) {
    body += matrix.size() <= kMaxMatrixClasses ? confusion_matrix(matrix, evaluation.class_names)
                                               : pair_table(matrix, evaluation.class_names);
  }
  return {"classes", "Classes", "Classes", body + class_table(evaluation)};
}

}  // namespace bnn
