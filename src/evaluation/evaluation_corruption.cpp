#include "bnn/evaluation/evaluation_corruption.h"

#include <algorithm>
#include <fmt/format.h>

#include "bnn/core/error.h"
#include "bnn/infer/class_summaries.h"
#include "bnn/infer/metrics.h"
#include "bnn/process/stop_signal.h"

namespace bnn {

std::vector<const Corruption*> applicable_corruptions(const std::vector<std::string>& names,
                                                      const Shape& shape, RunLog& log) {
  for (const std::string& name : names) find_corruption(name);
  std::vector<const Corruption*> list;
  std::string left_out;
  for (const Corruption& corruption : corruptions()) {
    const bool named = std::find(names.begin(), names.end(), corruption.name) != names.end();
    if (!names.empty() && !named) continue;
    if (corruption.fits(shape)) {
      list.push_back(&corruption);
    } else {
      left_out = fmt::format("{} needs images of three channels, and these have {}",
                             corruption.name, shape.channels);
    }
  }
  if (list.empty()) throw Error(ErrorKind::usage, "--corrupt: " + left_out);
  if (!left_out.empty()) log.info("--corrupt: left out: " + left_out);
  return list;
}

std::vector<CorruptionResult> evaluate_corruptions(const std::vector<const Corruption*>& list,
                                                   const EvaluationImages& images,
                                                   std::uint64_t seed, EnsemblePredictor& predictor,
                                                   ThreadPool& pool, RunLog& log) {
  if (list.empty()) return {};
  Dataset corrupted = images.data;
  const std::size_t total = list.size() * kSeverities;
  std::vector<CorruptionResult> results;
  for (const Corruption* corruption : list) {
    for (int severity = 1; severity <= kSeverities; ++severity) {
      corrupt_images(*corruption, severity, seed, images.data, images.chosen, pool, corrupted);
      MetricsCollector collector(static_cast<int>(predictor.width()));
      predictor.predict(corrupted, images.chosen, [&](const PredictedBlock& block) {
        collector.add(summaries_of(block, pool), block.examples, images.data.labels());
        if (!log.progress_is_due()) return;
        log.progress(fmt::format("corruption {}/{}: {} {}, image {}/{}", results.size() + 1, total,
                                 corruption->name, severity, collector.examples(),
                                 images.chosen.size()));
      });
      results.push_back({std::string(corruption->name), severity, collector.finish()});
    }
  }
  log.clear_progress();
  return results;
}

}  // namespace bnn
