#pragma once
// What a run folder says about its run, for a comparison: settings, curves, the best epoch. It is
// read from config.json and metrics.jsonl alone, so a run may still be going on.
//
// Thread-safe: no state.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bnn/core/json_reader.h"
#include "bnn/report/report_history.h"

namespace bnn {

struct RunSummary {
  std::string folder;
  std::map<std::string, std::string> settings;  // "training.epochs": "24"; texts as they are
  TrainingHistory history;
  std::uint64_t epochs = 0, steps = 0;  // that were trained
  double seconds = 0;                   // of training, as the last process counted them
  std::optional<double> train_nll, kl;  // of the last epoch, kl per example
  // Of the epoch of the lowest NLL on the held-out images, if there are any.
  std::optional<std::uint64_t> best_epoch;
  std::optional<double> validation_nll, validation_accuracy, validation_ece;
};

/// Throws Error(usage) if the folder holds no run, or Error(io).
RunSummary read_run_summary(const std::string& folder);

/// The keys whose values differ between the runs, in order of their names. Names, places of files,
/// and what was measured of the data do not count.
std::vector<std::string> differing_settings(const std::vector<RunSummary>& runs);

/// The value of a setting; "-" if the run has no such key.
std::string setting_of(const RunSummary& run, const std::string& key);

}  // namespace bnn
