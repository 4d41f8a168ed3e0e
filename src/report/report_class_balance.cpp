#include "bnn/report/report_class_balance.h"

#include <algorithm>
#include <span>

#include "bnn/data/class_names.h"
#include "bnn/report/html_text.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxBalanceRows = 20;
constexpr std::size_t kBalanceEnds = kMaxBalanceRows / 2;  // of more classes, from either end

using Classes = std::vector<ClassMetrics>;

bool has_fewer(const ClassMetrics& a, const ClassMetrics& b) { return a.examples < b.examples; }

bool has_balance(const Metrics& metrics) {
  return metrics.examples > 0 && metrics.per_class.size() > 1;
}

Markup class_name(const Evaluation& evaluation, const ClassMetrics& one) {
  return html_name(class_text(evaluation.class_names, static_cast<std::size_t>(one.label)));
}

Markup images(std::size_t count) {
  return markup("{} {}", html_count(count), count == 1 ? "image" : "images");
}

// "deer with 12 images (2 others have as many)".
Markup class_with_images(const Evaluation& evaluation, const ClassMetrics& one) {
  const Classes& classes = evaluation.metrics.per_class;
  const auto others = std::count_if(classes.begin(), classes.end(), [&](const ClassMetrics& other) {
    return other.label != one.label && other.examples == one.examples;
  });
  Markup text = markup("<b>{}</b> with {}", class_name(evaluation, one), images(one.examples));
  if (others > 0) {
    text += markup(" ({} {} as many)", html_count(static_cast<std::size_t>(others)),
                   others == 1 ? "other has" : "others have");
  }
  return text;
}

using Rows = std::vector<std::vector<Markup>>;

Rows balance_rows(const Evaluation& evaluation, std::span<const ClassMetrics> classes) {
  const Classes& all = evaluation.metrics.per_class;
  const auto largest =
      static_cast<double>(std::max_element(all.begin(), all.end(), has_fewer)->examples);
  Rows rows;
  for (const ClassMetrics& one : classes) {
    const Markup bar = html_bar(static_cast<double>(one.examples) / largest);
    rows.push_back({class_name(evaluation, one),
                    markup("<span class=\"counted\">{}{}</span>", bar, html_count(one.examples))});
  }
  return rows;
}

// The largest classes, how many there are in between, the smallest.
Rows rows_of_ends(const Evaluation& evaluation) {
  Classes classes = evaluation.metrics.per_class;
  std::stable_sort(classes.begin(), classes.end(),
                   [](const ClassMetrics& a, const ClassMetrics& b) { return has_fewer(b, a); });
  const std::span<const ClassMetrics> sorted(classes);
  const auto between = sorted.subspan(kBalanceEnds, sorted.size() - 2 * kBalanceEnds);
  Rows rows = balance_rows(evaluation, sorted.first(kBalanceEnds));
  rows.push_back({markup("<i>{} between</i>", html_count(between.size())),
                  markup("{} – {}", html_count(between.back().examples),
                         html_count(between.front().examples))});
  const Rows smallest = balance_rows(evaluation, sorted.last(kBalanceEnds));
  rows.insert(rows.end(), smallest.begin(), smallest.end());
  return rows;
}

}  // namespace

Markup class_balance_sentence(const Evaluation& evaluation) {
  const Metrics& metrics = evaluation.metrics;
  if (!has_balance(metrics)) return {};
  const Classes& classes = metrics.per_class;
  const auto smallest = std::min_element(classes.begin(), classes.end(), has_fewer);
  const auto largest = std::max_element(classes.begin(), classes.end(), has_fewer);
  if (smallest->examples == largest->examples) {
    return markup(
        "<p>Each of the {} classes has {}. Balanced accuracy counts classes alike, accuracy "
        "counts images alike: here they are equal.</p>\n",
        html_count(classes.size()), images(smallest->examples));
  }
  return markup(
      "<p>The smallest class is {}, the largest is {}. Balanced accuracy, {}, counts classes "
      "alike{}; accuracy, {}, counts images alike.</p>\n",
      class_with_images(evaluation, *smallest), class_with_images(evaluation, *largest),
      html_number(metrics.balanced_accuracy, 4),
      smallest->examples == 0 ? " (those with images)" : "", html_number(metrics.accuracy, 4));
}

Markup class_balance_table(const Evaluation& evaluation) {
  if (!has_balance(evaluation.metrics)) return {};
  HtmlTable table{
      "Class balance.", "The evaluated images of each class.", {"Class", "images"}, {}, "counts"};
  const std::size_t classes = evaluation.metrics.per_class.size();
  if (classes <= kMaxBalanceRows) {
    table.rows = balance_rows(evaluation, evaluation.metrics.per_class);
  } else {
    table.note += markup(" The {0} largest and the {0} smallest of {1} classes.", kBalanceEnds,
                         html_count(classes));
    table.rows = rows_of_ends(evaluation);
  }
  return html_table(table);
}

}  // namespace bnn
