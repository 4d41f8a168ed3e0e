#include "bnn/report/report_class_calibration.h"

#include <algorithm>

#include "bnn/data/class_names.h"
#include "bnn/report/html_text.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxCalibrationRows = 20;
// The standard error of a share of 50 images is up to 0.07.
constexpr std::size_t kFewImages = 50;

// The largest error first.
std::vector<ClassMetrics> by_error(const Metrics& metrics) {
  std::vector<ClassMetrics> classes = metrics.per_class;
  std::stable_sort(classes.begin(), classes.end(),
                   [](const ClassMetrics& a, const ClassMetrics& b) {
                     return a.fit.calibration_error > b.fit.calibration_error;
                   });
  classes.resize(std::min(classes.size(), kMaxCalibrationRows));
  return classes;
}

Markup calibration_note(const Metrics& metrics, bool has_few) {
  Markup note = markup(
      "The mean probability of a class should be its share of the labels. The error is the gap "
      "between the two in 15 bins of the probability; its mean over the classes is the class-wise "
      "ECE, {}. The largest error comes first.",
      html_number(metrics.class_ece, 4));
  if (metrics.per_class.size() > kMaxCalibrationRows) {
    note += markup(" These are {} of {} classes.", kMaxCalibrationRows,
                   html_count(metrics.per_class.size()));
  }
  if (has_few) {
    note += markup(" * Fewer than {} images: much of the error may be chance.", kFewImages);
  }
  return note;
}

}  // namespace

Markup class_calibration_table(const Evaluation& evaluation) {
  const Metrics& metrics = evaluation.metrics;
  if (metrics.examples == 0 || metrics.per_class.size() < 2) return {};
  const std::vector<ClassMetrics> classes = by_error(metrics);
  const double largest = classes.front().fit.calibration_error;
  HtmlTable table{"Calibration by class.",
                  {},
                  {"Class", "images", "probability", "share", "error"},
                  {},
                  "errors"};
  bool has_few = false;
  for (const ClassMetrics& one : classes) {
    const bool is_few = one.examples < kFewImages;
    has_few = has_few || is_few;
    const double share = static_cast<double>(one.examples) / static_cast<double>(metrics.examples);
    const double error = one.fit.calibration_error;
    table.rows.push_back(
        {html_name(class_text(evaluation.class_names, static_cast<std::size_t>(one.label))),
         markup("{}{}", html_count(one.examples), is_few ? "*" : ""),
         html_number(one.fit.mean_probability, 4), html_number(share, 4),
         html_number(error, 4) + html_bar(largest > 0 ? error / largest : 0)});
  }
  table.note = calibration_note(metrics, has_few);
  return html_table(table);
}

}  // namespace bnn
