#include "bnn/infer/class_summaries.h"

namespace bnn {

Summary summary_of(const PredictedBlock& block, std::size_t i, std::size_t samples) {
  return summarize_scaled(block.predictions.data() + i * block.width, samples,
                          block.examples.size() * block.width, static_cast<int>(block.width),
                          block.temperature);
}

Summary summary_of(const PredictedBlock& block, std::size_t i) {
  return summary_of(block, i, block.passes);
}

std::vector<Summary> summaries_of(const PredictedBlock& block, ThreadPool& pool,
                                  std::size_t samples) {
  std::vector<Summary> list(block.examples.size());
  pool.run(list.size(), [&](std::size_t i, int) { list[i] = summary_of(block, i, samples); });
  return list;
}

std::vector<Summary> summaries_of(const PredictedBlock& block, ThreadPool& pool) {
  return summaries_of(block, pool, block.passes);
}

}  // namespace bnn
