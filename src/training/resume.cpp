#include "bnn/training/resume.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "bnn/core/input_file.h"
#include "bnn/core/processor.h"
#include "bnn/math/blas.h"

namespace bnn {
namespace {

// What a continued run must share with the run that wrote the checkpoint.
void refuse_other_run(const LoadedCheckpoint& checkpoint, Run& run, const std::string& path) {
  const Json &stored = checkpoint.config.resolved, &now = run.config.resolved;
  const std::string key = differing_key(stored, now);
  if (!key.empty()) {
    const bool is_length = key == "/training/epochs";
    throw Error(
        ErrorKind::config,
        fmt::format("{}: {} differs from the run that is to be continued{}", shown_path(path), key,
                    is_length ? ", whose steps follow that number; begin another run with "
                                "--init-from and its checkpoint"
                              : ""));
  }
  if (checkpoint.state.training_examples != run.data.split.train.size() ||
      checkpoint.state.data_digest != run.data.digest(run.pool) ||
      stored.at("data").at("standardize") != now.at("data").at("standardize")) {
    throw Error(ErrorKind::data,
                fmt::format("{}: the training data differ from those that the run began with",
                            shown_path(run.data.directory)));
  }
}

// The position of training in a checkpoint must be one that this run can reach.
void refuse_impossible_state(const TrainingState& state, std::uint64_t steps_per_epoch,
                             const std::string& path) {
  const std::uint64_t first = state.epoch * steps_per_epoch;
  const bool fits = state.step >= first && (state.step - first < steps_per_epoch ||
                                            validation_is_due(state, steps_per_epoch));
  if (fits && std::max(state.best_epoch, state.monitored_epoch) <= state.epoch) return;
  throw Error(
      ErrorKind::checkpoint,
      fmt::format("{}: state: step {} after {} epochs of {} steps, the best of them number "
                  "{}, is not a state that training can reach",
                  shown_path(path), state.step, state.epoch, steps_per_epoch, state.best_epoch));
}

// What the checkpoint's metadata say about the arithmetic of the run, against that of this process.
void warn_if_other(const LoadedCheckpoint& checkpoint, const std::string& key,
                   const std::string& what, const std::string& now, RunLog& log) {
  const auto before = checkpoint.contents.extra_metadata.find(key);
  if (before == checkpoint.contents.extra_metadata.end() || before->second == now) return;
  log.warning(
      fmt::format("the run began with {} {} and goes on with {}: results will not be bit "
                  "for bit those of one run",
                  what, before->second, now));
}

void warn_of_other_arithmetic(const LoadedCheckpoint& checkpoint, RunLog& log) {
  if (checkpoint.config.training.products == ProductsKind::openblas) {
    warn_if_other(checkpoint, "blas_kernel", "OpenBLAS kernel", blas_kernel(), log);
  }
  // Processors without FMA round a multiplication and an addition each.
  warn_if_other(checkpoint, "multiply_add", "multiply-adds that are", multiply_add_name(), log);
}

// The state of the best checkpoint, if there is one that can be read.
std::optional<TrainingState> stored_best(const std::string& path) {
  try {
    return load_checkpoint(path).state;
  } catch (const Error&) {
    return std::nullopt;
  }
}

// The optimizer knows its tensors, but not the file.
void check_state(const Trainer& trainer, const std::string& path) {
  try {
    trainer.check_state();
  } catch (const Error& error) {
    throw Error(error.kind(), shown_path(path) + ": " + error.what());
  }
}

AlignedArray copy_of(AlignedArray& array) {
  AlignedArray copy(array.span().size());
  std::copy(array.span().begin(), array.span().end(), copy.span().begin());
  return copy;
}

// The best checkpoint must be that of the epoch that the last checkpoint names as the best. A
// killed process may have left one of a later epoch. This run reaches that epoch again.
void mend_best(const LoadedCheckpoint& last, Run& run, const RunFolder& folder,
               Resumption& resumption, RunLog& log) {
  TrainingState& state = resumption.state;
  if (state.best_epoch == 0) return;
  if (last.unwritten_best) {
    AlignedArray parameters(run.graph.layout().size());
    restore_arrays(folder.last_checkpoint(), last.unwritten_best->contents, run.graph.layout(),
                   {&parameters});
    resumption.unsaved_best = UnsavedBest{last.unwritten_best->state, std::move(parameters)};
    return;
  }
  const std::string path = folder.best_checkpoint();
  const std::optional<TrainingState> stored = stored_best(path);
  if (stored && (stored->best_epoch == state.best_epoch || stored->epoch > state.epoch)) return;
  const std::uint64_t steps = run.trainer.steps_per_epoch();
  if (state.best_epoch == state.epoch && state.step == state.epoch * steps) {
    resumption.unsaved_best = UnsavedBest{state, copy_of(run.trainer.parameters())};
    return;
  }
  log.warning(fmt::format("{}: the weights of epoch {}, the best so far, are lost; {}",
                          shown_path(path), state.best_epoch,
                          stored ? fmt::format("it holds those of epoch {}", stored->best_epoch)
                                 : "the next epoch counts as the best again"));
  state.best_epoch = stored ? stored->best_epoch : 0;
  state.best_nll = stored ? stored->best_nll : 0.0;
}

}  // namespace

TrainingState initial_state(Run& run) {
  TrainingState state;
  state.training_examples = run.data.split.train.size();
  state.data_digest = run.data.digest(run.pool);
  return state;
}

Resumption resume_run(Run& run, const RunFolder& folder, RunLog& log) {
  const std::string path = folder.last_checkpoint();
  const LoadedCheckpoint checkpoint = load_checkpoint(path);
  refuse_other_run(checkpoint, run, path);
  refuse_impossible_state(checkpoint.state, run.trainer.steps_per_epoch(), path);
  warn_of_other_arithmetic(checkpoint, log);
  Trainer& trainer = run.trainer;
  restore_arrays(path, checkpoint.contents, run.graph.layout(),
                 {&trainer.parameters(), trainer.optimizer_state()});
  if (checkpoint.state.step > 0) check_state(trainer, path);  // before, there is none
  log.info(fmt::format("resuming after step {}", checkpoint.state.step));
  Resumption resumption{checkpoint.state, checkpoint.unwritten_metrics, {}};
  mend_best(checkpoint, run, folder, resumption, log);
  TrainingState& state = resumption.state;
  // Nothing is known yet of the metric that is monitored from now on.
  if (checkpoint.config.early_stopping.monitor != run.config.early_stopping.monitor) {
    state.monitored_epoch = 0;
  }
  return resumption;
}

}  // namespace bnn
