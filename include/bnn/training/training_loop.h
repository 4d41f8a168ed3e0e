#pragma once
// The loop of a training run: steps, epochs, validation, log lines and checkpoints.
//
// Everything that it decides is a function of the config and of the step, so a run that was stopped
// anywhere continues bit for bit as if it had not been stopped. Metrics are written before the
// checkpoint that covers them, and dropped again on resuming if they are beyond it: each step is
// logged once. A signal also ends a validation. The checkpoint is then that of the epoch's last
// step, and the epoch is not counted yet. A resumed run begins with that validation.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "bnn/checkpoint/checkpoint.h"
#include "bnn/infer/metrics.h"
#include "bnn/infer/predictor.h"
#include "bnn/process/run_log.h"
#include "bnn/training/run.h"
#include "bnn/training/run_outputs.h"

namespace bnn {

class TrainingLoop {
 public:
  /// All of them must outlive the loop.
  /// @param outputs null in processes that write nothing
  TrainingLoop(Run& run, RunOutputs* outputs, RunLog& log);

  /// Has a warning logged if the first step takes longer than that.
  void warn_of_slow_steps(double seconds, const std::string& warning);

  /// Runs from `state` to the last epoch, to early stopping, to step `max_steps`, or to a stop
  /// signal, and saves the last checkpoint there. Returns the signal or 0.
  int run(TrainingState state, std::optional<std::uint64_t> max_steps);

  /// Whether nothing is left to do from this state on: all epochs are trained, or early stopping
  /// ended the run.
  bool is_finished(const TrainingState& state) const;

 private:
  using Clock = std::chrono::steady_clock;

  bool is_finished() const { return is_finished(state_); }
  int signal() { return run_.trainer.exchange().signal(); }
  void save_last();
  void save_best();
  void check_step(double seconds);
  void show_step(const StepStats& stats);
  bool run_epoch(std::optional<std::uint64_t> max_steps);
  bool finish_epoch();
  std::optional<Metrics> validate();
  bool note_validation(const Metrics& metrics);
  void log_validation(const Metrics& metrics, bool is_best);
  void log_epoch(const StepStats& last);
  void show_progress(const StepStats& last, std::optional<std::uint64_t> max_steps);

  Run& run_;
  RunOutputs* outputs_;
  RunLog& log_;
  std::optional<Predictor> predictor_;
  double slow_step_ = 0;
  std::string slow_step_warning_;  // "": none
  TrainingState state_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point epoch_start_ = start_;
  std::uint64_t epoch_start_examples_ = 0;
  std::uint64_t start_step_ = 0;
};

}  // namespace bnn
