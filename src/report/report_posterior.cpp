#include "bnn/report/report_posterior.h"

#include <algorithm>
#include <cmath>

#include "bnn/core/display_text.h"
#include "bnn/infer/posterior_statistics.h"
#include "bnn/report/html_text.h"
#include "bnn/report/svg_strips.h"

namespace bnn {
namespace {

constexpr std::size_t kPosteriorBins = 48;
constexpr double kLowestPower = -3;        // of signal-to-noise ratios
constexpr std::size_t kNameColumns = 24;   // leaves room for a note
constexpr std::size_t kStripsAFigure = 8;  // a longer figure is hard to read

struct LogValues {
  std::vector<double> scales, ratios;  // log10
};

LogValues log_values(const ParameterLayout& layout, const RandomTensor& tensor,
                     const AlignedArray& parameters) {
  const Slice loc = layout.variables()[tensor.loc].slice;
  const Slice untransformed = layout.variables()[tensor.untransformed_scale].slice;
  LogValues values;
  values.scales.reserve(loc.size);
  values.ratios.reserve(loc.size);
  for (std::size_t i = 0; i < loc.size; ++i) {
    const float u = parameters.data()[untransformed.offset + i];
    const double ratio = signal_to_noise(parameters.data()[loc.offset + i], u);
    values.scales.push_back(std::log10(static_cast<double>(scale_of(u))));
    values.ratios.push_back(std::max(std::log10(ratio), kLowestPower));
  }
  return values;
}

// Whole powers of ten, and at least one of them.
void set_bounds(const std::vector<double>& values, double& low, double& high, bool first) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  low = first ? std::floor(*least) : std::min(low, std::floor(*least));
  high = first ? std::ceil(*most) : std::max(high, std::ceil(*most));
  if (!(high > low)) high = low + 1;
}

ChartAxis power_axis(const std::string& label, double low, double high) {
  ChartAxis axis{label, low, high, {}, false};
  for (double power = low; power <= high; power += 1) {
    axis.ticks.push_back({power, significant(std::pow(10.0, power), 6)});
  }
  return axis;
}

// One figure for every few tensors, all on the same axis.
std::vector<Markup> strip_figures(const PosteriorReport& report, const ChartAxis& axis,
                                  const Markup& title, const Markup& caption,
                                  std::vector<std::size_t> TensorPosterior::*counts,
                                  double TensorPosterior::*middle) {
  std::vector<Markup> figures;
  for (std::size_t first = 0; first < report.tensors.size(); first += kStripsAFigure) {
    StripChart chart{title.text(), "", axis, {}};
    const std::size_t end = std::min(first + kStripsAFigure, report.tensors.size());
    for (std::size_t i = first; i < end; ++i) {
      const TensorPosterior& tensor = report.tensors[i];
      const std::string median_text = "median " + significant(tensor.*middle, 3);
      chart.strips.push_back({short_name(tensor.name, kNameColumns), median_text, "right",
                              tensor.*counts, std::log10(tensor.*middle)});
      chart.description +=
          fmt::format("{}: {} weights, {}. ", short_name(tensor.name), tensor.weights, median_text);
    }
    figures.push_back(html_figure(svg_strips(chart), title, first == 0 ? caption : "Continued."));
  }
  return figures;
}

Markup tensor_table(const PosteriorReport& report) {
  HtmlTable table{"Random weights.",
                  "Medians of the scale σ and of the signal-to-noise ratio |μ|/σ, SNR.",
                  {"Tensor", "weights", "σ", "SNR", "SNR &lt; 1"},
                  {}};
  for (const TensorPosterior& tensor : report.tensors) {
    table.rows.push_back({html_name(tensor.name), html_count(tensor.weights),
                          escaped(significant(tensor.median_scale, 3)),
                          escaped(significant(tensor.median_ratio, 3)),
                          html_percent(tensor.share_below_one, 1)});
  }
  return html_table(table);
}

}  // namespace

PosteriorReport posterior_report(const ParameterLayout& layout, const AlignedArray& parameters) {
  PosteriorReport report;
  // Two passes, since all tensors share the axes: what is kept between them is small.
  bool first = true;
  for (const RandomTensor& tensor : layout.random_tensors()) {
    const LogValues values = log_values(layout, tensor, parameters);
    if (values.scales.empty()) continue;
    set_bounds(values.scales, report.scale_low, report.scale_high, first);
    set_bounds(values.ratios, report.ratio_low, report.ratio_high, first);
    first = false;
  }
  for (const RandomTensor& tensor : layout.random_tensors()) {
    const LogValues values = log_values(layout, tensor, parameters);
    if (values.scales.empty()) continue;
    const auto below = std::count_if(values.ratios.begin(), values.ratios.end(),
                                     [](double power) { return power < 0; });
    const std::size_t weights = values.scales.size();
    report.tensors.push_back(
        {deterministic_name(layout.variables()[tensor.loc].name), weights,
         std::pow(10.0, *median(values.scales)), std::pow(10.0, *median(values.ratios)),
         static_cast<double>(below) / static_cast<double>(weights),
         histogram(values.scales, report.scale_low, report.scale_high, kPosteriorBins),
         histogram(values.ratios, report.ratio_low, report.ratio_high, kPosteriorBins)});
  }
  return report;
}

ReportSection weights_section(const PosteriorReport& report) {
  ReportSection section{"weights", "Weights", "Weights", {}};
  if (report.tensors.empty()) return section;
  const std::vector<Markup> scales = strip_figures(
      report, power_axis("scale σ, logarithmic", report.scale_low, report.scale_high),
      "Posterior scales.", "How wide the posterior of each weight is; the line marks the median.",
      &TensorPosterior::scale_counts, &TensorPosterior::median_scale);
  const std::vector<Markup> ratios = strip_figures(
      report,
      power_axis("signal-to-noise ratio |μ|/σ, logarithmic", report.ratio_low, report.ratio_high),
      "Signal-to-noise ratios.",
      "Left of 1 the posterior can hardly tell the sign of a weight; such weights can go first.",
      &TensorPosterior::ratio_counts, &TensorPosterior::median_ratio);
  std::vector<Markup> figures;
  for (std::size_t i = 0; i < scales.size(); ++i) {
    figures.push_back(scales[i]);
    figures.push_back(ratios[i]);
  }
  figures.push_back(html_beside(tensor_table(report)));
  section.body = html_figures(figures);
  return section;
}

}  // namespace bnn
