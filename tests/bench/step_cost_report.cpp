#include "step_cost_report.h"

#include <algorithm>
#include <cmath>

#include "bnn/core/display_text.h"
#include "bnn/report/svg_sheet.h"
#include "csv_rows.h"

namespace bnn {
namespace {

constexpr double kMilli = 1000.0;
constexpr int kDigits = 4;

constexpr auto kHeader =
    "operation,varied,batch_size,filters,samples,threads,rounds,median_ms,lower_quartile_ms,"
    "upper_quartile_ms";

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

ChartPoint point_of(const CostRow& row) {
  const double spread = (row.quantile(0.75) - row.quantile(0.25)) / 2.0;
  return {row.x, kMilli * row.quantile(0.5), kMilli * spread};
}

// The points of one thing that is varied, rows [first, end).
Chart chart_of(const std::vector<CostRow>& rows, std::size_t first, std::size_t end) {
  const CostRow& row = rows[first];
  const std::string what = row.workload.predicts ? "prediction" : "training step";
  Chart chart;
  chart.title = what + " against " + row.varied;
  ChartSeries series{"", "right", {}};
  std::vector<double> xs, ys;
  for (std::size_t i = first; i < end; ++i) {
    const ChartPoint point = point_of(rows[i]);
    series.points.push_back(point);
    xs.push_back(point.x);
    ys.insert(ys.end(), {point.y, point.y - point.error, point.y + point.error});
  }
  chart.x = log_axis_over(row.varied + " (" + fixed_numbers(row) + ")", xs);
  chart.x.ticks = axis_of("", xs, TickText::plain).ticks;
  chart.y = log_axis_over("milliseconds a " + (row.workload.predicts ? what : "step"), ys);
  chart.series = {series, power_guide("", 1, series.points.back(), chart)};
  return chart;
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
  std::string text = std::string(kHeader) + "\n";
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

std::vector<CostRow> read_cost_csv(const std::string& path) {
  std::vector<CostRow> rows;
  for (const CsvRow& fields : read_csv(path, kHeader)) {
    CostRow row;
    row.varied = fields[1];
    row.workload = {fields[0] == "predict", std::stoi(fields[2]), std::stoi(fields[3]),
                    std::stoi(fields[4])};
    row.x = row.varied == "batch size" ? row.workload.examples
            : row.varied == "filters"  ? row.workload.filters
                                       : row.workload.samples;
    const double median = std::stod(fields[7]) / kMilli, lower = std::stod(fields[8]) / kMilli;
    const double upper = std::stod(fields[9]) / kMilli;
    row.seconds = {lower, lower, median, upper, upper};  // five rounds of these quartiles
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string cost_plot(const std::vector<CostRow>& rows) {
  SvgSheet sheet;
  sheet.title = "Time of a training step and of a prediction against what they depend on";
  sheet.description =
      "Logarithmic axes. In each chart one number grows and the others are fixed. The median time "
      "approaches the dashed line of slope 1 through the last point: it grows in proportion. Bars "
      "are half the distance of the quartiles.";
  for (std::size_t first = 0; first < rows.size();) {
    std::size_t end = first + 1;
    while (end < rows.size() && !begins_block(rows, end)) ++end;
    sheet.charts.push_back(chart_of(rows, first, end));
    first = end;
  }
  return svg_sheet(sheet);
}

}  // namespace bnn
