#include "bnn/report/report_history.h"

#include <cmath>
#include <optional>
#include <sstream>

#include "bnn/core/error.h"
#include "bnn/core/input_file.h"
#include "bnn/core/parse_json.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{256} << 20;

std::optional<double> finite_number(const Json& line, const char* key) {
  const Json* found = line.find(key);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  const double value = found->get<double>();
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

void add_point(std::vector<ChartPoint>& curve, double epoch, std::optional<double> value) {
  if (value) curve.push_back({epoch, *value});
}

// False if the line has no epoch or no event.
bool add_entry(TrainingHistory& history, const Json& line) {
  if (!line.is_object()) return false;
  const std::optional<double> epoch = finite_number(line, "epoch");
  const Json* event = line.find("event");
  if (!epoch || event == nullptr) return false;
  if (*event == "train") {
    add_point(history.nll, *epoch, finite_number(line, "nll"));
    add_point(history.loss, *epoch, finite_number(line, "loss"));
    add_point(history.accuracy, *epoch, finite_number(line, "accuracy"));
    const std::optional<double> kl = finite_number(line, "kl");
    const std::optional<double> examples = finite_number(line, "examples");
    if (kl && examples && *examples > 0) history.kl.push_back({*epoch, *kl / *examples});
  } else if (*event == "validation") {
    add_point(history.validation_nll, *epoch, finite_number(line, "nll"));
    add_point(history.validation_accuracy, *epoch, finite_number(line, "accuracy"));
  }
  return true;
}

}  // namespace

TrainingHistory read_training_history(const std::string& metrics_file) {
  const std::string text = read_text_file(metrics_file, kMaxBytes, ErrorKind::io);
  TrainingHistory history;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::optional<Json> entry = try_parse_json(line);
    const bool is_added = entry && add_entry(history, *entry);
    if (!is_added && !lines.eof()) ++history.damaged_lines;
  }
  return history;
}

}  // namespace bnn
