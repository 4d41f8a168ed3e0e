#include "step_cost_report.h"

#include <algorithm>
#include <cmath>

#include "bnn/core/display_text.h"
#include "svg_plot.h"

namespace bnn {
namespace {

constexpr double kMilli = 1000.0;
constexpr int kDigits = 4;

std::string milliseconds(double seconds) { return significant(kMilli * seconds, kDigits); }

std::string operation(const Workload& workload) { return workload.predicts ? "predict" : "train"; }

// Rows of one thing that is varied come together.
bool begins_block(const std::vector<CostRow>& rows, std::size_t i) {
  return i == 0 || rows[i].varied != rows[i - 1].varied ||
         rows[i].workload.predicts != rows[i - 1].workload.predicts;
}

// "filters 64, samples 1": the numbers that are not varied.
std::string fixed_numbers(const CostRow& row) {
  std::string text;
  const auto append = [&](const std::string& name, int value) {
    if (row.varied == name) return;
    if (!text.empty()) text += ", ";
    text.append(name).append(" ").append(std::to_string(value));
  };
  append("batch size", row.workload.examples);
  append("filters", row.workload.filters);
  append("samples", row.workload.samples);
  return text;
}

std::string table_header(const CostRow& row) {
  return operation(row.workload) + ", " + fixed_numbers(row) + "\n" +
         right_aligned(row.varied, 12) + right_aligned("median ms", 12) +
         right_aligned("quartiles", 18) + right_aligned("ms / x", 10) +
         right_aligned("exponent", 11) + "\n";
}

std::string table_row(const CostRow& row, const CostRow* before) {
  const double median = row.quantile(0.5);
  const std::string quartiles =
      milliseconds(row.quantile(0.25)) + ".." + milliseconds(row.quantile(0.75));
  std::string exponent = "-";
  if (before != nullptr) {
    exponent = fixed(std::log(median / before->quantile(0.5)) / std::log(row.x / before->x), 2);
  }
  return right_aligned(shortest(row.x), 12) + right_aligned(milliseconds(median), 12) +
         right_aligned(quartiles, 18) + right_aligned(significant(kMilli * median / row.x, 3), 10) +
         right_aligned(exponent, 11) + "\n";
}

PlotPoint point_of(const CostRow& row) {
  const double spread = (row.quantile(0.75) - row.quantile(0.25)) / 2.0;
  return {row.x, kMilli * row.quantile(0.5), kMilli * spread};
}

}  // namespace

double CostRow::quantile(double share) const {
  std::vector<double> sorted = seconds;
  std::sort(sorted.begin(), sorted.end());
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], place - static_cast<double>(below));
}

std::string cost_csv(const std::vector<CostRow>& rows, int threads) {
  std::string text =
      "operation,varied,batch_size,filters,samples,threads,rounds,median_ms,lower_quartile_ms,"
      "upper_quartile_ms\n";
  for (const CostRow& row : rows) {
    std::string line = operation(row.workload) + "," + row.varied;
    for (const int number : {row.workload.examples, row.workload.filters, row.workload.samples,
                             threads, static_cast<int>(row.seconds.size())}) {
      line.append(",").append(std::to_string(number));
    }
    for (const double share : {0.5, 0.25, 0.75}) {
      line.append(",").append(milliseconds(row.quantile(share)));
    }
    text.append(line).append("\n");
  }
  return text;
}

std::string cost_table(const std::vector<CostRow>& rows) {
  std::string text;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool first = begins_block(rows, i);
    if (first && i > 0) text += "\n";
    if (first) text += table_header(rows[i]);
    text += table_row(rows[i], first ? nullptr : &rows[i - 1]);
  }
  return text;
}

std::string cost_plot(const std::vector<CostRow>& rows) {
  Plot plot;
  plot.title = "Time of a training step and of a prediction against what they depend on";
  plot.description =
      "Logarithmic axes. In each panel one number grows and the others are fixed. The median time "
      "approaches the dashed line of slope 1 through the last point: it grows in proportion. Bars "
      "are half the distance of the quartiles.";
  plot.guide = {1.0, "in proportion to x"};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const CostRow& row = rows[i];
    if (begins_block(rows, i)) {
      const std::string what = row.workload.predicts ? "prediction" : "training step";
      plot.panels.push_back({what + " against " + row.varied,
                             "milliseconds a " + (row.workload.predicts ? what : "step"),
                             {{"median time", {}}},
                             row.varied + " (" + fixed_numbers(row) + ")",
                             {}});
    }
    plot.panels.back().series[0].points.push_back(point_of(row));
    plot.panels.back().x_ticks.push_back(row.x);
  }
  return svg_plot(plot);
}

}  // namespace bnn
