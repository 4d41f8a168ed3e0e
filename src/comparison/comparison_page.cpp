#include "bnn/comparison/comparison_page.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "bnn/comparison/comparison_text.h"
#include "bnn/core/display_text.h"
#include "bnn/report/html_page.h"
#include "bnn/report/html_text.h"
#include "bnn/report/report_section.h"
#include "bnn/report/svg_chart.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxLines = 12;  // of a chart
constexpr std::array kStyles = {"right", "out", "wrong", "soft"};

double or_nan(const std::optional<double>& value) { return value.value_or(std::nan("")); }

Markup number_table(const std::vector<RunSummary>& runs) {
  HtmlTable table{
      "Runs.",
      "The best epoch is that of the lowest NLL on the held-out images; the three "
      "numbers beside it are of that epoch. The best run is in bold.",
      {"Run", "epochs", "best epoch", "NLL", "accuracy", "ECE", "training NLL", "KL/N", "time"},
      {},
      ""};
  const std::optional<std::size_t> best = best_of(runs);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const RunSummary& run = runs[i];
    const Markup name = html_name(run.folder);
    table.rows.push_back({best == i ? markup("<b>{}</b>", name) : name, html_count(run.epochs),
                          run.best_epoch ? html_count(*run.best_epoch) : Markup("–"),
                          html_number(or_nan(run.validation_nll), 4),
                          html_number(or_nan(run.validation_accuracy), 4),
                          html_number(or_nan(run.validation_ece), 4),
                          html_number(or_nan(run.train_nll), 4), html_number(or_nan(run.kl), 3),
                          markup("{}", duration_text(run.seconds))});
  }
  return html_table(table);
}

// The last part of a path, which tells runs apart where all lie in one folder.
std::string short_run_name(const std::string& folder) {
  std::string name = folder;
  while (name.size() > 1 && name.ends_with('/')) name.pop_back();
  return short_name(name.substr(name.rfind('/') + 1), 16);
}

Markup curves(const std::string& title, const std::string& label, TickText text,
              const std::vector<RunSummary>& runs,
              std::vector<ChartPoint> TrainingHistory::*points) {
  Chart chart;
  chart.title = title;
  std::vector<double> xs, ys;
  for (std::size_t i = 0; i < std::min(runs.size(), kMaxLines); ++i) {
    const std::vector<ChartPoint>& curve = runs[i].history.*points;
    if (curve.empty()) continue;
    chart.series.push_back(
        {short_run_name(runs[i].folder), kStyles[i % kStyles.size()], curve, false});
    for (const ChartPoint& point : curve) {
      xs.push_back(point.x);
      ys.push_back(point.y);
    }
    chart.description += short_run_name(runs[i].folder) + ": " + fixed(curve.back().y, 4) +
                         " after epoch " + significant(curve.back().x, 6) + ". ";
  }
  if (xs.empty()) return {};
  const auto [first, last] = std::minmax_element(xs.begin(), xs.end());
  chart.x = {"epoch", *first, *last, {}};
  for (const Tick& tick : round_ticks(*first, *last, 5)) {
    if (tick.text.find('.') == std::string::npos) chart.x.ticks.push_back(tick);
  }
  chart.y = axis_over(label, ys, false, text);
  const Markup note = runs.size() > kMaxLines ? markup("The first {} runs.", kMaxLines) : Markup();
  return html_figure(svg_chart(chart), markup("{}.", title), note);
}

Markup settings_table(const std::vector<RunSummary>& runs) {
  HtmlTable table{"Settings that differ.", {}, {"Setting"}, {}, ""};
  for (const RunSummary& run : runs) table.columns.push_back(html_name(short_run_name(run.folder)));
  for (const std::string& key : differing_settings(runs)) {
    std::vector<Markup> row = {html_name(key)};
    for (const RunSummary& run : runs) row.push_back(html_name(setting_of(run, key)));
    table.rows.push_back(std::move(row));
  }
  return table.rows.empty() ? Markup("<p>The settings are the same.</p>\n") : html_table(table);
}

}  // namespace

std::string comparison_page(const std::vector<RunSummary>& runs) {
  const ReportSection sections[] = {
      {"runs", "Runs", "Runs", number_table(runs)},
      {"curves", "Curves", "Curves",
       html_figures({curves("NLL on the held-out images", "nats per example", TickText::plain, runs,
                            &TrainingHistory::validation_nll),
                     curves("Accuracy on the held-out images", "share of the examples",
                            TickText::percent, runs, &TrainingHistory::validation_accuracy),
                     curves("NLL while training", "nats per example", TickText::plain, runs,
                            &TrainingHistory::nll),
                     curves("Divergence from the prior, KL/N", "nats per example", TickText::plain,
                            runs, &TrainingHistory::kl)})},
      {"settings", "Settings", "Settings", settings_table(runs)}};
  const std::string title = fmt::format("Comparison of {} runs", runs.size());
  Markup body = markup("<h1>{}</h1>\n", title);
  for (const ReportSection& section : sections) body += section_markup(section);
  return html_page(title, body);
}

}  // namespace bnn
