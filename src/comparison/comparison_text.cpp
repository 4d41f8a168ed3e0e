#include "bnn/comparison/comparison_text.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "bnn/core/display_text.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxName = 40, kMaxValue = 24;

std::string decimals(const std::optional<double>& value, int count) {
  return value ? fixed(*value, count) : "-";
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

std::string csv_field(std::string text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

std::string csv_line(const Row& row) {
  std::string line;
  for (const std::string& field : row) line += (line.empty() ? "" : ",") + csv_field(field);
  return line + "\n";
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
  const std::vector<std::string> keys = differing_settings(runs);
  if (keys.empty()) return text + (runs.size() > 1 ? "\nThe settings are the same.\n" : "");
  std::vector<Row> settings = {{"setting"}};
  for (const RunSummary& run : runs) settings[0].push_back(cut(run.folder, kMaxValue));
  for (const std::string& key : keys) {
    Row row = {cut(key, 2 * kMaxName)};
    for (const RunSummary& run : runs) row.push_back(cut(setting_of(run, key), kMaxValue));
    settings.push_back(std::move(row));
  }
  return text + "\n" + aligned(settings);
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
    Row row = {plain_text(run.folder),
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
      row.push_back(value == "-" ? "" : plain_text(value));
    }
    text += csv_line(row);
  }
  return text;
}

}  // namespace bnn
