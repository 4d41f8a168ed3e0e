#include "bnn/training/training_loop.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <span>
#include <string_view>

#include "bnn/core/display_text.h"
#include "bnn/infer/named_metrics.h"
#include "bnn/process/stop_signal.h"
#include "bnn/training/shared_validation.h"

namespace bnn {
namespace {

constexpr std::uint64_t kPointsInEpoch = 20;  // in TensorBoard

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The metrics in a line of a validation, by the names of kNamedMetrics.
constexpr std::array kValidationMetrics = {"nll",
                                           "accuracy",
                                           "ece",
                                           "brier",
                                           "predictive_entropy",
                                           "expected_entropy",
                                           "mutual_information"};

double named_value(const Metrics& metrics, std::string_view name) {
  const auto metric = std::find_if(kNamedMetrics.begin(), kNamedMetrics.end(),
                                   [&](const NamedMetric& m) { return m.name == name; });
  return metrics.*metric->value;
}

using Monitor = EarlyStoppingSpec::Monitor;

double monitored(Monitor monitor, const Metrics& validation) {
  switch (monitor) {
    case Monitor::nll:
      return validation.nll;
    case Monitor::accuracy:
      return validation.accuracy;
    case Monitor::ece:
      return validation.ece;
  }
  return validation.nll;
}

// The means over the current epoch so far, from the sums that checkpoints carry.
struct EpochMeans {
  double nll, accuracy, kl_per_example, loss;

  EpochMeans(const TrainingState& state, const StepStats& last)
      : nll(state.epoch_nll / static_cast<double>(state.epoch_examples)),
        accuracy(state.epoch_correct / static_cast<double>(state.epoch_examples)),
        kl_per_example(last.kl / static_cast<double>(state.training_examples)),
        loss(nll + last.kl_weight * kl_per_example + last.penalty) {}
};

}  // namespace

TrainingLoop::TrainingLoop(Run& run, RunOutputs* outputs, RunLog& log)
    : run_(run), outputs_(outputs), log_(log) {
  if (!run.validates()) return;
  predictor_.emplace(
      run.graph, *run.likelihood, run.trainer.parameters(),
      PredictionSpec{run.config.evaluation.validation_samples, !run.graph.has_noise(),
                     run.config.training.seed, Products(run.config.training.products)},
      run.pool);
  predictor_->check_often([this] {
    const int asked = std::max(signal(), run_.trainer.exchange().own_signal());
    if (asked != 0) throw Stopped{asked};
  });
}

void TrainingLoop::warn_of_slow_steps(double seconds, const std::string& warning) {
  slow_step_ = seconds;
  slow_step_warning_ = warning;
}

void TrainingLoop::check_step(double seconds) {
  if (!slow_step_warning_.empty() && seconds > slow_step_) log_.warning(slow_step_warning_);
  slow_step_warning_.clear();
}

// The processes wait for the first one here, and not in the next step, where that would be a stall.
void TrainingLoop::save_last() {
  run_.trainer.gather_parameters();
  run_.trainer.gather_state();
  if (outputs_ != nullptr) outputs_->save_last(state_);
  run_.trainer.exchange().agree_on_signal();
}

void TrainingLoop::save_best() {
  if (outputs_ != nullptr) outputs_->save_best(state_);
}

int TrainingLoop::run(TrainingState state, std::optional<std::uint64_t> max_steps) {
  state_ = state;
  start_step_ = state.step;
  bool running = true;
  while (running && !is_finished()) running = run_epoch(max_steps);
  log_.clear_progress();
  save_last();
  return signal();
}

bool TrainingLoop::is_finished(const TrainingState& state) const {
  const auto patience = static_cast<std::uint64_t>(run_.config.early_stopping.patience);
  const bool stalled =
      patience > 0 && state.monitored_epoch > 0 && state.epoch - state.monitored_epoch >= patience;
  return state.epoch >= run_.config.training.epochs || stalled;
}

// A point within the epoch, for TensorBoard alone.
void TrainingLoop::show_step(const StepStats& stats) {
  if (outputs_ == nullptr) return;
  const auto examples = static_cast<double>(stats.examples);
  outputs_->show_point({{"event", "batch"},
                        {"step", state_.step},
                        {"nll", stats.nll / examples},
                        {"accuracy", stats.correct / examples},
                        {"kl", stats.kl},
                        {"kl_weight", stats.kl_weight},
                        {"learning_rate", stats.learning_rate}});
}

// False if the run is to stop before the end of the epoch.
bool TrainingLoop::run_epoch(std::optional<std::uint64_t> max_steps) {
  const auto order = run_.loader.epoch_order(static_cast<std::uint32_t>(state_.epoch));
  const auto batch = static_cast<std::size_t>(run_.config.training.batch_size);
  const std::uint64_t steps = run_.trainer.steps_per_epoch();
  epoch_start_ = Clock::now();
  epoch_start_examples_ = state_.epoch_examples;
  const bool is_trained = validation_is_due(state_, steps);
  StepStats stats;
  for (std::uint64_t i = state_.step - state_.epoch * steps; i < steps; ++i) {
    if (signal() != 0 || (max_steps && state_.step >= *max_steps)) return false;
    const std::size_t first = i * batch;
    const auto examples = std::span(order).subspan(first, std::min(batch, order.size() - first));
    const Clock::time_point begin = Clock::now();
    stats = run_.trainer.step(state_.step + 1, examples);
    check_step(seconds_since(begin));
    ++state_.step;
    state_.epoch_nll += stats.nll;
    state_.epoch_correct += stats.correct;
    state_.epoch_examples += stats.examples;
    if (log_.progress_is_due()) show_progress(stats, max_steps);
    const bool last_of_epoch = i + 1 == steps;
    const std::uint64_t between_points = (steps + kPointsInEpoch - 1) / kPointsInEpoch;
    if ((i + 1) % between_points == 0 && !last_of_epoch) show_step(stats);
    if (run_.config.checkpoint_steps > 0 && state_.step % run_.config.checkpoint_steps == 0 &&
        !last_of_epoch) {
      save_last();
    }
  }
  run_.trainer.gather_parameters();
  if (!is_trained) log_epoch(stats);
  return finish_epoch();
}

// False if a signal stopped the validation: the epoch then stays open.
bool TrainingLoop::finish_epoch() {
  std::optional<Metrics> validation;
  if (predictor_) {
    validation = validate();
    if (!validation) return false;
  }
  ++state_.epoch;
  state_.epoch_nll = state_.epoch_correct = 0.0;
  state_.epoch_examples = 0;
  const bool is_best = validation && note_validation(*validation);
  if (validation) log_validation(*validation, is_best);
  if (is_best) save_best();
  if (!is_finished()) save_last();  // the very last is run's
  return true;
}

void TrainingLoop::log_epoch(const StepStats& last) {
  if (outputs_ == nullptr) return;
  const EpochMeans means(state_, last);
  const double seconds = seconds_since(epoch_start_);
  const auto examples = static_cast<double>(state_.epoch_examples - epoch_start_examples_);
  const double rate = examples / std::max(seconds, 1e-9);
  Json metrics = {{"event", "train"},
                  {"epoch", state_.epoch + 1},
                  {"step", state_.step},
                  {"examples", state_.epoch_examples},
                  {"nll", means.nll},
                  {"kl", last.kl},
                  {"kl_weight", last.kl_weight},
                  {"loss", means.loss},
                  {"accuracy", means.accuracy},
                  {"learning_rate", last.learning_rate},
                  {"examples_per_second", rate},
                  {"elapsed_seconds", seconds_since(start_)}};
  if (last.penalty != 0.0) metrics["penalty"] = last.penalty;  // of regularizers, if there are any
  outputs_->add_line(metrics,
                     outputs_->shows_histograms()
                         ? posterior_histograms(run_.graph.layout(), run_.trainer.parameters())
                         : std::vector<PosteriorHistograms>());
  log_.info(fmt::format("epoch {}/{}  nll {}  kl/N {} x {}  loss {}  accuracy {} %  lr {}  {}/s",
                        state_.epoch + 1, run_.config.training.epochs, fixed(means.nll, 4),
                        fixed(means.kl_per_example, means.kl_per_example < 100 ? 4 : 1),
                        fixed(last.kl_weight, 3), fixed(means.loss, 4),
                        fixed(100 * means.accuracy, 2), significant(last.learning_rate, 3),
                        fixed(rate, 0)));
}

void TrainingLoop::show_progress(const StepStats& last, std::optional<std::uint64_t> max_steps) {
  const EpochMeans means(state_, last);
  const std::uint64_t planned = run_.config.training.epochs * run_.trainer.steps_per_epoch();
  const std::uint64_t total = std::min(planned, max_steps.value_or(planned));
  const double seconds = seconds_since(start_);
  const auto done = static_cast<double>(state_.step - start_step_);
  const double rate = done / std::max(seconds, 1e-9);
  log_.progress(fmt::format("epoch {}/{}  step {}/{}  nll {}  accuracy {} %  {} examples/s  ETA {}",
                            state_.epoch + 1, run_.config.training.epochs, state_.step, total,
                            fixed(means.nll, 3), fixed(100 * means.accuracy, 1),
                            fixed(rate * run_.config.training.batch_size, 0),
                            duration_text(static_cast<double>(total - state_.step) / rate)));
}

// Nothing if a signal stopped it.
// Predictions that are not finite are an error of the step that made the weights.
std::optional<Metrics> TrainingLoop::validate() {
  try {
    return validate_together(*predictor_, run_.data, run_.graph.outputs(), run_.pool,
                             run_.trainer.exchange());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::numerical) throw;
    throw Error(error.kind(),
                fmt::format("step {}: the validation after it: {}", state_.step, error.what()));
  }
}

// True if this is the best validation so far, by its NLL.
bool TrainingLoop::note_validation(const Metrics& metrics) {
  const EarlyStoppingSpec& stopping = run_.config.early_stopping;
  const double now = monitored(stopping.monitor, metrics);
  const double gain = stopping.monitor == Monitor::accuracy ? now - state_.monitored_best
                                                            : state_.monitored_best - now;
  if (state_.monitored_epoch == 0 || gain > stopping.min_delta) {
    state_.monitored_best = now;
    state_.monitored_epoch = state_.epoch;
  }
  const bool is_best = state_.best_epoch == 0 || metrics.nll < state_.best_nll;
  if (is_best) {
    state_.best_nll = metrics.nll;
    state_.best_epoch = state_.epoch;
  }
  return is_best;
}

void TrainingLoop::log_validation(const Metrics& metrics, bool is_best) {
  if (outputs_ == nullptr) return;
  Json line = {{"event", "validation"},
               {"epoch", state_.epoch},
               {"step", state_.step},
               {"examples", metrics.examples},
               {"samples", predictor_->spec().passes()}};
  for (const char* name : kValidationMetrics) line[name] = named_value(metrics, name);
  outputs_->add_line(line);
  log_.info(
      fmt::format("  validation  nll {}  accuracy {} %  ece {}  ({})", fixed(metrics.nll, 4),
                  fixed(100 * metrics.accuracy, 2), fixed(metrics.ece, 4),
                  is_best ? "best so far" : fmt::format("best was epoch {}", state_.best_epoch)));
}

}  // namespace bnn
