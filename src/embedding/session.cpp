#include <algorithm>
#include <numeric>
#include <unistd.h>
#include <vector>

#include "bnn/data/decode_images.h"
#include "bnn/infer/class_summaries.h"
#include "handles.h"

namespace {

using bnn::Summary;

// A data set of images in memory.
bnn::Dataset dataset_of(const bnn::ModelCheckpoint& model, std::span<const std::uint8_t> images,
                        std::size_t n, const std::uint32_t* names) {
  const bnn::Shape& shape = model.config.model.input;
  std::vector<std::uint32_t> streams(n);
  for (std::size_t i = 0; i < n; ++i) {
    streams[i] = names != nullptr
                     ? names[i]
                     : bnn::image_stream_name(images.subspan(i * shape.size(), shape.size()));
  }
  bnn::RawImages raw;
  raw.pixels.assign(images.begin(), images.end());
  return {shape, model.graph.outputs(), std::move(raw), streams};
}

// Element i of an array that the caller may have left out.
template <typename To, typename From>
void set(To* array, std::size_t i, From value) {
  if (array != nullptr) array[i] = static_cast<To>(value);
}

void store(const Summary& summary, std::size_t i, const bnn_results& results) {
  const std::size_t classes = summary.probabilities.size();
  for (std::size_t k = 0; k < classes; ++k) {
    set(results.probabilities, i * classes + k, summary.probabilities[k]);
    set(results.probabilities_std, i * classes + k, summary.probabilities_std[k]);
  }
  set(results.predictive_entropy, i, summary.predictive_entropy);
  set(results.expected_entropy, i, summary.expected_entropy);
  set(results.mutual_information, i, summary.mutual_information);
  set(results.variation_ratio, i, summary.variation_ratio);
  set(results.predicted, i, summary.predicted);
  set(results.energy, i, summary.energy);
  set(results.max_logit, i, summary.max_logit);
  set(results.mahalanobis, i, summary.mahalanobis);
}

// @param n images of the whole call
void store_samples(const bnn::PredictedBlock& block, std::size_t n, float* out) {
  if (out == nullptr) return;
  const std::size_t floats = block.examples.size() * block.width;
  for (std::size_t s = 0; s < block.passes; ++s) {
    std::copy_n(block.predictions.data() + s * floats, floats,
                out + (s * n + block.first) * block.width);
  }
}

}  // namespace

bnn_session::bnn_session(const bnn_model& model, const bnn::PredictionSpec& spec, int threads)
    : model_(model.checkpoint),
      gaussians_(model.gaussians),
      pool_(threads),
      standardizer_(model_->standardization),
      scorer_(gaussians_.get()),
      predictor_(model_->graph, *model_->likelihood, model_->parameters, spec, pool_, &scorer_),
      process_(getpid()) {}

bool bnn_session::is_usable() const { return pool_.size() == 1 || getpid() == process_; }

void bnn_session::predict(std::span<const std::uint8_t> images, std::size_t n,
                          const std::uint32_t* names, const bnn_results& results) {
  const bnn::Dataset data = dataset_of(*model_, images, n, names);
  std::vector<std::uint32_t> all(n);
  std::iota(all.begin(), all.end(), 0u);
  predictor_.predict(data, standardizer_, all, [&](const bnn::PredictedBlock& block) {
    store_samples(block, n, results.sample_probabilities);
    const std::vector<Summary> summaries = summaries_of(block, pool_);
    for (std::size_t i = 0; i < summaries.size(); ++i)
      store(summaries[i], block.first + i, results);
  });
}
