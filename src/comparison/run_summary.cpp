#include "bnn/comparison/run_summary.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <set>
#include <sstream>

#include "bnn/checkpoint/run_folder.h"
#include "bnn/config/run_config.h"
#include "bnn/core/input_file.h"
#include "bnn/core/parse_json.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxMetrics = std::size_t{256} << 20;
constexpr double kMost = 1e12;  // epochs, steps or seconds that a line may claim

// The leaves of a document: "model.layers.0.filters".
void add_settings(const Json& value, const std::string& place,
                  std::map<std::string, std::string>& settings) {
  const std::string before = place.empty() ? "" : place + ".";
  if (value.is_object() && !value.empty()) {
    for (const auto& [key, member] : value.items()) add_settings(member, before + key, settings);
  } else if (value.is_array() && !value.empty()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      add_settings(value[i], before + std::to_string(i), settings);
    }
  } else {
    settings[place] = value.is_string() ? value.text() : value.dump();
  }
}

std::optional<double> number_of(const Json& line, const char* key) {
  const Json* found = line.find(key);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

std::uint64_t whole_number_of(const Json& line, const char* key) {
  return static_cast<std::uint64_t>(std::clamp(number_of(line, key).value_or(0), 0.0, kMost));
}

// @param clock elapsed_seconds of the line before. They begin anew with each process, whose first
// line began no later than the line before ended: its rate says how long its epoch took.
void add_training(const Json& line, RunSummary& run, double& clock) {
  run.epochs = whole_number_of(line, "epoch");
  run.steps = whole_number_of(line, "step");
  const double elapsed = std::clamp(number_of(line, "elapsed_seconds").value_or(0), 0.0, kMost);
  const double examples_in_line = number_of(line, "examples").value_or(0);
  const double rate = number_of(line, "examples_per_second").value_or(0);
  const double took = rate > 0 ? examples_in_line / rate : 0;
  constexpr double kRounding = 1e-3;
  const bool is_of_another_process = elapsed - took < clock * (1 - kRounding) - kRounding;
  run.seconds += is_of_another_process ? elapsed : elapsed - clock;
  clock = elapsed;
  run.train_nll = number_of(line, "nll");
  const std::optional<double> kl = number_of(line, "kl"), examples = number_of(line, "examples");
  if (kl && examples && *examples > 0) run.kl = *kl / *examples;
}

void add_validation(const Json& line, RunSummary& run) {
  const std::optional<double> nll = number_of(line, "nll");
  if (!nll || (run.validation_nll && *nll >= *run.validation_nll)) return;
  run.validation_nll = nll;
  run.best_epoch = whole_number_of(line, "epoch");
  run.validation_accuracy = number_of(line, "accuracy");
  run.validation_ece = number_of(line, "ece");
}

bool counts(const std::string& key) {
  for (const char* other :
       {"name", "data.directory", "data.standardize", "data.class_names", "data.class_folders"}) {
    const std::string prefix = other;
    if (key == prefix || key.starts_with(prefix + ".")) return false;
  }
  return true;
}

}  // namespace

RunSummary read_run_summary(const std::string& folder) {
  const std::string config = folder + "/config.json", metrics = folder + "/metrics.jsonl";
  std::error_code error;
  if (!std::filesystem::exists(config, error) || !std::filesystem::exists(metrics, error)) {
    throw Error(ErrorKind::usage,
                shown_path(folder) +
                    ": expected the folder of a run, which holds config.json and metrics.jsonl");
  }
  RunSummary run;
  run.folder = folder;
  add_settings(load_config_document(config), "", run.settings);
  run.history = read_training_history(metrics);
  std::istringstream lines(read_text_file(metrics, kMaxMetrics, ErrorKind::io));
  double clock = 0;
  for (std::string text; std::getline(lines, text);) {
    const Json line = try_parse_json(text).value_or(Json());
    const Json* event = line.is_object() ? line.find("event") : nullptr;
    if (event == nullptr) continue;
    if (*event == "train") add_training(line, run, clock);
    if (*event == "validation") add_validation(line, run);
  }
  return run;
}

std::vector<std::string> differing_settings(const std::vector<RunSummary>& runs) {
  std::set<std::string> keys;
  for (const RunSummary& run : runs) {
    for (const auto& [key, value] : run.settings) keys.insert(key);
  }
  std::vector<std::string> differing;
  for (const std::string& key : keys) {
    const bool differs = std::any_of(runs.begin(), runs.end(), [&](const RunSummary& run) {
      return setting_of(run, key) != setting_of(runs.front(), key);
    });
    if (counts(key) && differs) differing.push_back(key);
  }
  return differing;
}

std::string setting_of(const RunSummary& run, const std::string& key) {
  const auto found = run.settings.find(key);
  return found == run.settings.end() ? "-" : found->second;
}

}  // namespace bnn
