#include "bnn/training/run_outputs.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "bnn/core/input_file.h"

namespace bnn {
namespace {

// The header of a checkpoint has a limit. No run of usual length comes near it.
std::string carried_lines(const std::string& lines) {
  constexpr std::size_t kMaxBytes = std::size_t{4} << 20;
  return lines.size() <= kMaxBytes ? lines : lines.substr(0, lines.rfind('\n', kMaxBytes) + 1);
}

}  // namespace

RunOutputs::RunOutputs(Run& run, RunFolder& folder, RunLog& log)
    : run_(run), folder_(folder), log_(log) {}

// True if it is written now. Only failures of the disk are worth another try.
bool RunOutputs::attempt(Output& output, const std::function<void()>& write) {
  try {
    write();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::io) throw;
    output.failure = error.what();
    if (!output.has_warned) {
      log_.warning(fmt::format("{}; training goes on and tries again", output.failure));
    }
    output.has_warned = true;
    return false;
  }
  if (!output.failure.empty()) log_.info(fmt::format("{} is written now", output.name));
  output.failure.clear();
  return true;
}

bool RunOutputs::may_write() const { return last_.failure.empty(); }

void RunOutputs::add_line(const Json& line, const std::vector<PosteriorHistograms>& histograms) {
  if (!may_write()) {
    folder_.hold_metrics(line);
    if (board_ != nullptr) board_->hold(line, histograms);
    return;
  }
  attempt(metrics_, [&] { folder_.append_metrics(line); });
  if (board_ != nullptr) attempt(shown_, [&] { board_->append(line, histograms); });
}

void RunOutputs::show_point(const Json& line) {
  if (board_ == nullptr) return;
  if (may_write()) {
    attempt(shown_, [&] { board_->append(line); });
  } else {
    board_->hold(line);
  }
}

void RunOutputs::write_best(const TrainingState& state, AlignedArray& parameters) {
  save_checkpoint(folder_.best_checkpoint(), run_.checkpoint_config(), state, run_.graph.layout(),
                  {&parameters});
  log_.detail("saved " + folder_.best_checkpoint());
}

void RunOutputs::save_best(const TrainingState& state) {
  AlignedArray& parameters = run_.trainer.parameters();
  unsaved_best_.reset();  // which is not the best any more
  if (may_write() && folder_.has_last_checkpoint() &&
      attempt(best_, [&] { write_best(state, parameters); })) {
    return;
  }
  AlignedArray copy(parameters.span().size());
  std::copy(parameters.span().begin(), parameters.span().end(), copy.span().begin());
  unsaved_best_ = UnsavedBest{state, std::move(copy)};
}

void RunOutputs::save_best(UnsavedBest best) { unsaved_best_ = std::move(best); }

void RunOutputs::write_last(const TrainingState& state) {
  const auto write = [&](const UnwrittenOutputs& carried) {
    save_checkpoint(folder_.last_checkpoint(), run_.checkpoint_config(), state, run_.graph.layout(),
                    {&run_.trainer.parameters(), run_.trainer.optimizer_state()}, carried);
  };
  attempt(last_, [&] {
    UnwrittenOutputs carried{carried_lines(folder_.unwritten_metrics())};
    if (unsaved_best_) {
      UnwrittenOutputs with_best = carried;
      with_best.best_state = &unsaved_best_->state;
      with_best.best_parameters = &unsaved_best_->parameters;
      try {
        return write(with_best);
      } catch (const Error& error) {
        // There may be room for the checkpoint without the weights of the best epoch.
        if (error.kind() != ErrorKind::io) throw;
      }
    }
    write(carried);
  });
  if (last_.failure.empty()) log_.detail("saved " + folder_.last_checkpoint());
}

void RunOutputs::write_others() {
  attempt(metrics_, [&] { folder_.sync_metrics(); });
  if (board_ != nullptr) attempt(shown_, [&] { board_->flush(); });
  if (!unsaved_best_) return;
  if (!folder_.has_last_checkpoint()) {
    best_.failure = last_.failure;
    return;
  }
  if (attempt(best_, [&] { write_best(unsaved_best_->state, unsaved_best_->parameters); })) {
    unsaved_best_.reset();
  }
}

void RunOutputs::save_last(const TrainingState& state) {
  const std::size_t lines = folder_.unwritten_metrics().size();
  const bool best_waits = unsaved_best_.has_value();
  const bool waits = lines > 0 || best_waits;
  // If the disk is full, the last checkpoint comes first. It carries what the others lack.
  if (waits) write_last(state);
  write_others();
  const bool has_changed =
      folder_.unwritten_metrics().size() != lines || unsaved_best_.has_value() != best_waits;
  if (!waits || has_changed) write_last(state);
}

void RunOutputs::require_all() const {
  std::vector<std::string> missing;
  std::string failure;
  for (const Output* output : {&last_, &best_, &metrics_, &shown_}) {
    if (output->failure.empty()) continue;
    if (failure.empty()) failure = output->failure;
    missing.push_back(output->name);
  }
  if (missing.empty()) return;
  const bool can_resume = folder_.has_last_checkpoint();
  throw Error(ErrorKind::io,
              fmt::format("{}: not all is written, missing: {}; {} ({})",
                          shown_path(folder_.path()), fmt::join(missing, ", "),
                          can_resume ? "--resume writes it once it can"
                                     : "without a last checkpoint the run cannot be resumed",
                          failure));
}

}  // namespace bnn
