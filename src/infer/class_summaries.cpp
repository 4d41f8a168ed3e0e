#include "bnn/infer/class_summaries.h"

#include <cmath>
#include <fmt/format.h>

#include "bnn/core/error.h"

namespace bnn {
namespace {

// The mean over the first passes of number `score` of image i.
double mean_score(const PredictedBlock& block, std::size_t i, std::size_t samples,
                  std::size_t score) {
  double sum = 0;
  for (std::size_t s = 0; s < samples; ++s) {
    const std::size_t row = s * block.examples.size() + i;
    sum += static_cast<double>(block.scores[row * block.score_width + score]);
  }
  if (!std::isfinite(sum)) {
    throw Error(ErrorKind::numerical,
                fmt::format("the {} of an image is not finite", kOutlierScores[score].name));
  }
  return sum / static_cast<double>(samples);
}

}  // namespace

Summary summary_of(const PredictedBlock& block, std::size_t i, std::size_t samples) {
  Summary summary = summarize_scaled(block.predictions.data() + i * block.width, samples,
                                     block.examples.size() * block.width,
                                     static_cast<int>(block.width), block.temperature);
  for (std::size_t k = 0; k < block.score_width; ++k) {
    summary.*kOutlierScores[k].value = mean_score(block, i, samples, k);
  }
  return summary;
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
