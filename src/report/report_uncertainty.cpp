#include "bnn/report/report_uncertainty.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "bnn/core/display_text.h"
#include "bnn/report/html_text.h"
#include "bnn/report/svg_strips.h"

namespace bnn {
namespace {

constexpr std::size_t kEntropyBins = 30;

struct Group {
  std::string name, style;
  std::vector<const ExampleScore*> members;
};

using Scores = std::vector<ExampleScore>;

std::vector<Group> groups_of(const Scores& inside, const Scores& outside) {
  std::vector<Group> groups = {
      {"right", "right", {}}, {"wrong", "wrong", {}}, {"out of distribution", "out", {}}};
  for (const ExampleScore& one : inside) groups[one.correct ? 0 : 1].members.push_back(&one);
  for (const ExampleScore& one : outside) groups[2].members.push_back(&one);
  return groups;
}

std::vector<double> values_of(const Group& group, double ExampleScore::*score) {
  std::vector<double> values;
  values.reserve(group.members.size());
  for (const ExampleScore* one : group.members) values.push_back(one->*score);
  return values;
}

struct Score {
  std::string title, axis, caption;
  double ExampleScore::*value;
};

struct Range {
  double low, high;
};

Markup score_figure(const std::vector<Group>& groups, const Score& score, const Range& range) {
  const auto [low, high] = range;
  StripChart chart{score.title, "", {score.axis, low, high, round_ticks(low, high, 5)}, {}};
  for (const Group& group : groups) {
    const std::vector<double> values = values_of(group, score.value);
    const std::optional<double> middle = median(values);
    if (!middle) continue;
    const std::string note = grouped(values.size()) + " · median " + significant(*middle, 3);
    chart.strips.push_back(
        {group.name, note, group.style, histogram(values, low, high, kEntropyBins), middle});
    chart.description += fmt::format("{}: {} examples, median {}. ", group.name, values.size(),
                                     significant(*middle, 4));
  }
  return html_figure(svg_strips(chart), markup("{}.", score.title), escaped(score.caption));
}

// Of all groups; none if the score is not known.
std::optional<Range> range_of(const std::vector<Group>& groups, double ExampleScore::*score) {
  std::optional<Range> range;
  for (const Group& group : groups) {
    for (const ExampleScore* one : group.members) {
      const double value = one->*score;
      if (!std::isfinite(value)) return std::nullopt;
      if (!range) range = {value, value};
      range = {std::min(range->low, value), std::max(range->high, value)};
    }
  }
  return range;
}

// Distances of images of another kind may be a thousand times those of the others.
Scores with_logarithmic_distances(Scores scores) {
  for (ExampleScore& one : scores) one.mahalanobis = std::log10(one.mahalanobis);
  return scores;
}

// Scores for images of another kind, as far as they are known and differ.
std::vector<Markup> outlier_figures(const Scores& inside, const Scores& outside) {
  const Scores in = with_logarithmic_distances(inside), out = with_logarithmic_distances(outside);
  const std::vector<Group> groups = groups_of(in, out);
  std::vector<Markup> figures;
  for (const Score& score :
       {Score{"Energy", "nats",
              "Minus the logarithm of the sum of the outputs’ exponentials: high where no class "
              "has evidence.",
              &ExampleScore::energy},
        Score{"Mahalanobis distance", "logarithm to base 10 of the squared distance",
              "How far the features of an image are from those of the nearest class.",
              &ExampleScore::mahalanobis}}) {
    const std::optional<Range> range = range_of(groups, score.value);
    if (range && range->low < range->high) figures.push_back(score_figure(groups, score, *range));
  }
  return figures;
}

Markup ood_table(const OodMetrics& ood) {
  HtmlTable table{
      "Telling other images apart.",
      markup("The {} out-of-distribution images are the positive class. AUROC is the chance that "
             "such an image has a higher score than an evaluated one. The second AUPR takes the "
             "evaluated images as the positive class. FPR95 is the share of the evaluated images "
             "that are suspected where 95&nbsp;% of the others are found.",
             html_count(ood.examples)),
      {"Score", "AUROC", "AUPR", "AUPR of the evaluated", "FPR95"},
      {}};
  for (const NamedOodScore& score : kOodScores) {
    const std::optional<Detection>& one = ood.*score.detection;
    if (!one) continue;
    table.rows.push_back({escaped(score.title), html_number(one->auroc, 4),
                          html_number(one->aupr, 4), html_number(one->aupr_in, 4),
                          html_number(one->fpr95, 4)});
  }
  return html_table(table);
}

}  // namespace

ReportSection uncertainty_section(const Scores& inside, const Scores& outside,
                                  const Evaluation& evaluation) {
  ReportSection section{"uncertainty", "Uncertainty", "Uncertainty", {}};
  if (!inside.empty() || !outside.empty()) {
    const std::vector<Group> groups = groups_of(inside, outside);
    const auto classes = static_cast<double>(evaluation.metrics.per_class.size());
    const std::optional<Range> disputed = range_of(groups, &ExampleScore::mutual_information);
    // Of K classes the entropy is at most log K; with one class it is 0.
    const double entropy_high = classes > 1 ? std::log(classes) : 1;
    std::vector<Markup> figures = {
        score_figure(groups,
                     {"Confidence", "probability of the predicted class",
                      "Each strip has its own height; the line marks the median.",
                      &ExampleScore::confidence},
                     {0, 1}),
        score_figure(groups,
                     {"Predictive entropy", "nats, at most the logarithm of the classes",
                      "The whole uncertainty about an image.", &ExampleScore::predictive_entropy},
                     {0, entropy_high})};
    if (disputed && disputed->high > 0) {
      figures.push_back(score_figure(groups,
                                     {"Mutual information", "nats",
                                      "How much the samples of the weights disagree: uncertainty "
                                      "that more data could remove.",
                                      &ExampleScore::mutual_information},
                                     {0, disputed->high}));
    }
    const std::vector<Markup> outlier = outlier_figures(inside, outside);
    figures.insert(figures.end(), outlier.begin(), outlier.end());
    section.body += html_figures(figures);
  }
  if (evaluation.ood) section.body += ood_table(*evaluation.ood);
  return section;
}

}  // namespace bnn
