#include "bnn/training/find_learning_rate.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <span>

#include "bnn/core/display_text.h"
#include "bnn/core/error.h"
#include "bnn/exchange/agreement.h"
#include "bnn/files/atomic_file.h"
#include "bnn/files/durable_folder.h"
#include "bnn/training/rate_page.h"

namespace bnn {
namespace {

// The batches of one epoch after the other, as training visits them.
class BatchSequence {
 public:
  explicit BatchSequence(const Run& run)
      : loader_(run.loader),
        batch_(static_cast<std::size_t>(run.config.training.batch_size)),
        order_(loader_.epoch_order(0)) {}

  std::span<const std::uint32_t> next() {
    if (first_ >= order_.size()) {
      order_ = loader_.epoch_order(++epoch_);
      first_ = 0;
    }
    const auto batch = std::span(order_).subspan(first_, std::min(batch_, order_.size() - first_));
    first_ += batch.size();
    return batch;
  }

 private:
  const TrainingLoader& loader_;
  std::size_t batch_, first_ = 0;
  std::uint32_t epoch_ = 0;
  std::vector<std::uint32_t> order_;
};

// The NLL of a step, in nats per example; NaN if the training broke down.
double nll_of_step(Trainer& trainer, std::uint64_t step, std::span<const std::uint32_t> batch,
                   double rate) {
  try {
    const StepStats stats = trainer.step(step, batch, rate);
    return stats.nll / static_cast<double>(stats.examples);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::numerical) throw;
    return std::nan("");
  }
}

RateSweep sweep_rates(Run& run, const RateRange& range, int steps, RunLog& log) {
  RateSweep sweep(range, steps);
  BatchSequence batches(run);
  for (std::uint64_t step = 1; !sweep.is_finished(); ++step) {
    const double rate = sweep.next_rate();
    const double nll = nll_of_step(run.trainer, step, batches.next(), rate);
    sweep.add(nll);
    if (log.progress_is_due()) {
      log.progress(fmt::format("step {}/{}  learning rate {}  nll {}", step, steps,
                               significant(rate, 2), fixed(nll, 3)));
    }
  }
  log.clear_progress();
  return sweep;
}

}  // namespace

std::string find_learning_rate(Run& run, const RateRange& range, int steps,
                               const std::string& folder, RunLog& log) {
  Exchange& exchange = run.trainer.exchange();
  const std::string table = folder + "/learning_rate.csv", page = folder + "/learning_rate.html";
  first_alone(exchange, [&] {
    make_durable_folder(folder);
    for (const std::string& path : {table, page}) probe_writable(path);
  });
  const RateSweep sweep = sweep_rates(run, range, steps, log);
  together(exchange, [&] {
    if (!sweep.points().empty()) return;
    throw Error(ErrorKind::numerical,
                fmt::format("the loss is not finite at the lowest learning rate, {}",
                            significant(range.low, 2)));
  });
  first_alone(exchange, [&] {
    write_file_atomically(table, rate_csv(sweep.points()));
    write_file_atomically(page, rate_page(run.config.name, sweep.points(), sweep.ended_early()));
    log.info("wrote " + page + " and learning_rate.csv");
  });
  return rate_sentence(sweep.points(), sweep.ended_early());
}

}  // namespace bnn
