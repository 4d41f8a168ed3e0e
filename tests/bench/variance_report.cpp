#include "variance_report.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "bnn/core/display_text.h"
#include "bnn/report/svg_sheet.h"
#include "csv_rows.h"

namespace bnn {
namespace {

constexpr int kDigits = 4;

constexpr auto kHeader =
    "checkpoint,network,data,estimator,batch_size,repeats,layer,variable,variance,standard_error";

// The values of one column, each once, in order of appearance.
template <typename Column>
auto distinct(const std::vector<VarianceRow>& rows, Column column) {
  std::vector<std::decay_t<decltype(rows[0].*column)>> values;
  for (const VarianceRow& row : rows) {
    if (std::find(values.begin(), values.end(), row.*column) == values.end()) {
      values.push_back(row.*column);
    }
  }
  return values;
}

struct Line {
  std::string network, data, variable, estimator;
};

// All layers together, over batch sizes in ascending order.
std::vector<Measured> points_of(const std::vector<VarianceRow>& rows, const Line& line) {
  std::vector<Measured> points;
  for (const VarianceRow& row : rows) {
    if (row.layer != "all" ||
        std::tie(row.network, row.data, row.variable, row.estimator) !=
            std::tie(line.network, line.data, line.variable, line.estimator)) {
      continue;
    }
    points.push_back({static_cast<double>(row.batch_size), row.variance});
  }
  return points;
}

// "-0.998 ± 0.012", over the last two decades of batch sizes.
std::string slope_text(std::vector<Measured> points) {
  const double last = points.back().x;
  std::erase_if(points, [&](const Measured& point) {
    return point.x < last / 100.0 || !(point.y.value > 0.0) || !(point.y.standard_error > 0.0);
  });
  if (points.size() < 2) return "n/a";
  const Estimate slope = log_log_slope(points);
  return fixed(slope.value, 3) + " ± " + fixed(slope.standard_error, 3);
}

std::string percent(const Estimate& estimate) {
  return significant(100.0 * estimate.standard_error / estimate.value, 2);
}

std::string table_row(const std::string& name, const std::vector<Measured>& points) {
  const Measured& first = points.front();
  const Measured& last = points.back();
  return fitted("  " + name, 14) + right_aligned(significant(first.y.value, 3), 11) +
         right_aligned(percent(first.y), 6) + right_aligned(significant(last.y.value, 3), 12) +
         right_aligned(percent(last.y), 6) +
         right_aligned(fixed(first.y.value / last.y.value, 0), 9) + "   " + slope_text(points) +
         "\n";
}

std::string table_block(const std::vector<VarianceRow>& rows, Line line) {
  std::string text = line.network + ", data " + line.data + ", " + line.variable + "\n";
  const auto sizes = distinct(rows, &VarianceRow::batch_size);
  text += fitted("  estimator", 14) +
          right_aligned("V(N=" + std::to_string(sizes.front()) + ")", 11) + right_aligned("±%", 7) +
          right_aligned("V(N=" + std::to_string(sizes.back()) + ")", 12) + right_aligned("±%", 7) +
          right_aligned("gain", 9) + "   slope\n";
  for (const std::string& estimator : distinct(rows, &VarianceRow::estimator)) {
    line.estimator = estimator;
    text += table_row(estimator, points_of(rows, line));
  }
  return text;
}

// How the line of an estimator looks, by its place in the list.
std::string style_of(std::size_t series) {
  constexpr std::array kStyles = {"wrong", "right", "out open", "soft"};
  return kStyles[series % kStyles.size()];
}

// Means or untransformed scales of one network.
Chart chart_of(const std::vector<VarianceRow>& rows, Line line) {
  const bool is_scale = line.variable != "loc";
  Chart chart;
  chart.title = line.network + ": " + (is_scale ? "untransformed scales" : "means");
  std::vector<double> xs, ys;
  for (const std::string& estimator : distinct(rows, &VarianceRow::estimator)) {
    line.estimator = estimator;
    ChartSeries series{estimator, style_of(chart.series.size()), {}};
    for (const Measured& point : points_of(rows, line)) {
      series.points.push_back({point.x, point.y.value, point.y.standard_error});
      xs.push_back(point.x);
      ys.insert(ys.end(), {point.y.value, point.y.value + point.y.standard_error,
                           point.y.value - point.y.standard_error});
    }
    chart.series.push_back(std::move(series));
  }
  chart.x = log_axis_over("batch size N", xs);
  chart.x.ticks = axis_of("", xs, TickText::plain).ticks;
  chart.y = log_axis_over("variance of the gradient", ys);
  if (!chart.series.empty() && !chart.series[0].points.empty()) {
    chart.series.push_back(power_guide("1/N", -1, chart.series[0].points.front(), chart));
  }
  // What is drawn last is on top: the first estimators, which the chart is about.
  std::reverse(chart.series.begin(), chart.series.end());
  return chart;
}

}  // namespace

std::string variance_csv(const std::vector<VarianceRow>& rows) {
  std::string text = std::string(kHeader) + "\n";
  for (const VarianceRow& row : rows) {
    for (const auto& column : {row.checkpoint, row.network, row.data, row.estimator}) {
      text += csv_quoted(column) + ",";
    }
    text += std::to_string(row.batch_size) + "," + std::to_string(row.repeats) + "," +
            csv_quoted(row.layer) + "," + row.variable + "," +
            significant(row.variance.value, kDigits) + "," +
            significant(row.variance.standard_error, 2) + "\n";
  }
  return text;
}

std::string variance_table(const std::vector<VarianceRow>& rows) {
  std::string text;
  for (const std::string& network : distinct(rows, &VarianceRow::network)) {
    for (const std::string& data : distinct(rows, &VarianceRow::data)) {
      for (const std::string& variable : distinct(rows, &VarianceRow::variable)) {
        if (!text.empty()) text += "\n";
        text += table_block(rows, {network, data, variable, ""});
      }
    }
  }
  return text;
}

std::vector<VarianceRow> read_variance_csv(const std::string& path) {
  std::vector<VarianceRow> rows;
  for (const CsvRow& fields : read_csv(path, kHeader)) {
    rows.push_back({fields[0],
                    fields[1],
                    fields[2],
                    fields[3],
                    std::stoi(fields[4]),
                    std::stoi(fields[5]),
                    fields[6],
                    fields[7],
                    {std::stod(fields[8]), std::stod(fields[9])}});
  }
  return rows;
}

std::string variance_plot(const std::vector<VarianceRow>& rows) {
  SvgSheet sheet;
  sheet.title = "Variance of the mini-batch gradient against the batch size N";
  sheet.description =
      "Logarithmic axes. With one sample of the weights shared by the batch (shared) the variance "
      "levels off as N grows. With flipout, local reparameterization and independent samples it "
      "keeps falling like the dashed line, 1/N. Bars are standard errors.";
  for (const std::string& variable : distinct(rows, &VarianceRow::variable)) {
    for (const std::string& network : distinct(rows, &VarianceRow::network)) {
      sheet.charts.push_back(chart_of(rows, {network, "resampled", variable, ""}));
    }
  }
  return svg_sheet(sheet);
}

}  // namespace bnn
