#include "bnn/report/report_metrics.h"

#include "bnn/infer/metric_rows.h"
#include "bnn/report/html_text.h"

namespace bnn {

ReportSection metrics_section(const Evaluation& evaluation) {
  HtmlTable table{"All metrics.", "", {"Metric", "value"}, {}, "metrics"};
  if (evaluation.intervals) {
    table.note =
        "95&nbsp;% of resampled test sets, drawn from these images with replacement, give a value "
        "within the interval. Another training run may differ by more. Resampling adds noise, and "
        "noise raises calibration errors and reliability: their intervals may lie above the value.";
    table.columns.push_back(html_interval_title());
  }
  if (evaluation.mean_weights) {
    table.columns[1] = "samples’ mean";
    table.columns.push_back("mean weights");
  }
  for (const MetricRow& row : metric_rows(evaluation)) {
    const Markup title = row.is_part ? markup("<i>{}</i>", row.title) : escaped(row.title);
    table.rows.push_back(
        {markup("{}<small>{}</small>", title, row.meaning), html_number(row.value, 4)});
    if (row.interval) table.rows.back().push_back(html_interval(*row.interval, 4));
    if (row.mean_weights) table.rows.back().push_back(html_number(*row.mean_weights, 4));
  }
  return {"metrics", "Metrics", "Metrics", html_table(table)};
}

}  // namespace bnn
