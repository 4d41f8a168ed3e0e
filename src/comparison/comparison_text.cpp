#include "bnn/comparison/comparison_text.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <set>
#include <string_view>

#include "bnn/core/csv_text.h"
#include "bnn/core/display_text.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxName = 40, kMaxValue = 24;
constexpr std::size_t kColumns = 100;       // of a table
constexpr std::size_t kLayerSettings = 12;  // more of them are counted, not listed
constexpr std::string_view kLayers = "model.layers.", kAllLayers = "model.layers";

std::string decimals(const std::optional<double>& value, int count) {
  constexpr double kShort = 1e7;  // beyond, decimals would make a long column
  if (!value) return "-";
  return std::abs(*value) < kShort ? fixed(*value, count) : significant(*value, 3);
}

std::string exact(const std::optional<double>& value) { return value ? shortest(*value) : ""; }

using Row = std::vector<std::string>;

// The first column on the left, the others on the right.
std::string aligned(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line = fitted(row[0], widths[0]);
    for (std::size_t i = 1; i < row.size(); ++i) line += "  " + right_aligned(row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string cut(const std::string& text, std::size_t columns) {
  const std::string plain = plain_text(text);
  return plain.size() <= columns ? plain : fitted(plain, columns);
}

// Numbers stay numbers, whatever their sign.
std::string csv_setting(const std::string& value) {
  const bool is_number = value.find_first_not_of("0123456789+-.eE") == std::string::npos;
  return is_number ? value : csv_name(value);
}

bool is_of_layer(const std::string& key) { return key.starts_with(kLayers); }

// "9 layers": how many the run's model has.
std::string layers_of(const RunSummary& run) {
  std::set<std::string> numbers;
  for (const auto& [key, value] : run.settings) {
    if (is_of_layer(key))
      numbers.insert(key.substr(kLayers.size(), key.find('.', kLayers.size()) - kLayers.size()));
  }
  return fmt::format("{} layers", numbers.size());
}

// One table for as many runs as fit the width, and another for the next.
std::string settings_tables(const std::vector<RunSummary>& runs, const std::vector<Row>& columns) {
  std::string text;
  for (std::size_t first = 0; first < runs.size();) {
    std::vector<Row> rows;
    for (const std::string& name : columns[0]) rows.push_back({name});
    std::size_t width = 0;
    for (const std::string& name : columns[0]) width = std::max(width, name.size());
    for (std::size_t taken = 0; first < runs.size(); ++first, ++taken) {
      const Row& column = columns[first + 1];
      std::size_t most = 0;
      for (const std::string& value : column) most = std::max(most, value.size());
      width += most + 2;
      if (taken > 0 && width > kColumns) break;
      for (std::size_t i = 0; i < rows.size(); ++i) rows[i].push_back(column[i]);
    }
    text += "\n" + aligned(rows);
  }
  return text;
}

// The names of what differs, and then the values of each run.
std::vector<Row> settings_columns(const std::vector<RunSummary>& runs,
                                  const std::vector<std::string>& keys) {
  std::vector<Row> columns = {{"setting"}};
  for (const std::string& key : keys) columns[0].push_back(cut(key, 2 * kMaxName));
  for (const RunSummary& run : runs) {
    Row column = {cut(run.folder, kMaxValue)};
    for (const std::string& key : keys) {
      column.push_back(key == kAllLayers ? layers_of(run) : cut(setting_of(run, key), kMaxValue));
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

}  // namespace

std::optional<std::size_t> best_of(const std::vector<RunSummary>& runs) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!runs[i].validation_nll) continue;
    if (!best || *runs[i].validation_nll < *runs[*best].validation_nll) best = i;
  }
  return best;
}

std::string comparison_table(const std::vector<RunSummary>& runs) {
  std::vector<Row> rows = {
      {"run", "epochs", "best", "val. nll", "accuracy", "ece", "train nll", "kl/N", "time"}};
  const std::optional<std::size_t> best = best_of(runs);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const RunSummary& run = runs[i];
    rows.push_back({cut(run.folder, kMaxName) + (best == i ? " *" : ""), std::to_string(run.epochs),
                    run.best_epoch ? std::to_string(*run.best_epoch) : "-",
                    decimals(run.validation_nll, 4), decimals(run.validation_accuracy, 4),
                    decimals(run.validation_ece, 4), decimals(run.train_nll, 4),
                    decimals(run.kl, 3), duration_text(run.seconds)});
  }
  std::string text = aligned(rows);
  std::vector<std::string> keys = differing_settings(runs);
  if (keys.empty()) return text + (runs.size() > 1 ? "\nThe settings are the same.\n" : "");
  const auto of_layers =
      static_cast<std::size_t>(std::count_if(keys.begin(), keys.end(), is_of_layer));
  if (of_layers <= kLayerSettings)
    return text + settings_tables(runs, settings_columns(runs, keys));
  std::erase_if(keys, is_of_layer);
  keys.emplace_back(kAllLayers);
  text += settings_tables(runs, settings_columns(runs, keys));
  return text + fmt::format("\n{} settings of layers differ; --format csv has them.\n", of_layers);
}

std::string comparison_csv(const std::vector<RunSummary>& runs) {
  const std::vector<std::string> keys = differing_settings(runs);
  Row header = {"run",
                "epochs",
                "steps",
                "best_epoch",
                "validation_nll",
                "validation_accuracy",
                "validation_ece",
                "train_nll",
                "kl_per_example",
                "seconds"};
  header.insert(header.end(), keys.begin(), keys.end());
  std::string text = csv_line(header);
  for (const RunSummary& run : runs) {
    Row row = {csv_name(run.folder),
               std::to_string(run.epochs),
               std::to_string(run.steps),
               run.best_epoch ? std::to_string(*run.best_epoch) : "",
               exact(run.validation_nll),
               exact(run.validation_accuracy),
               exact(run.validation_ece),
               exact(run.train_nll),
               exact(run.kl),
               shortest(run.seconds)};
    for (const std::string& key : keys) {
      const std::string value = setting_of(run, key);
      row.push_back(value == "-" ? "" : csv_setting(value));
    }
    text += csv_line(row);
  }
  return text;
}

}  // namespace bnn
