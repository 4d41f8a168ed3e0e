#include "bnn/train/parameter_loss.h"

#include <algorithm>

namespace bnn {

ParameterLoss::ParameterLoss(const ParameterLayout& layout, const std::vector<Chunk>& chunks,
                             std::uint64_t seed, int workers)
    : layout_(layout),
      chunks_(chunks),
      seed_(seed),
      terms_(chunks.size()),
      tensor_sums_(layout.random_tensors().size()) {
  for (const RandomTensor& tensor : layout.random_tensors()) priors_.push_back(tensor.prior);
  for (int i = 0; i < workers; ++i) scratch_.emplace_back(kChunkElements);
}

void ParameterLoss::begin(const float* parameters, std::uint64_t step) {
  step_ = static_cast<std::uint32_t>(step);
  for (std::size_t t = 0; t < priors_.size(); ++t) {
    const RandomTensor& tensor = layout_.random_tensors()[t];
    if (!tensor.prior_loc) continue;
    const auto value = [&](std::size_t variable) {
      return static_cast<double>(parameters[layout_.variables()[variable].slice.offset]);
    };
    priors_[t]->loc = value(*tensor.prior_loc);
    priors_[t]->scale = value(*tensor.prior_scale);
  }
}

void ParameterLoss::add_gradient(std::size_t index, int worker, const float* parameters,
                                 float kl_scale, float* gradient) {
  const Chunk& chunk = chunks_[index];
  const bool trainable = layout_.variables()[chunk.variable].trainable;
  float* target = trainable ? gradient : nullptr;
  terms_[index] = {};
  if (chunk.tensor && priors_[*chunk.tensor]) {
    terms_[index].divergence = add_divergence(chunk, worker, parameters, kl_scale, target);
  }
  for (const auto& variable : chunk.variables()) {
    if (!variable) continue;
    const Regularizer& regularizer = layout_.variables()[*variable].regularizer;
    if (regularizer.empty()) continue;
    const auto values = part(layout_, *variable, chunk, parameters);
    terms_[index].penalty += bnn::penalty(regularizer, values);
    if (target == nullptr) continue;
    add_penalty_gradient(regularizer, values, 1.0f, part(layout_, *variable, chunk, target));
  }
}

DivergenceSums ParameterLoss::add_divergence(const Chunk& chunk, int worker,
                                             const float* parameters, float kl_scale,
                                             float* gradient) {
  const RandomTensor& tensor = layout_.random_tensors()[*chunk.tensor];
  const Prior& prior = *priors_[*chunk.tensor];
  const PosteriorSpan<const float> q{part(layout_, chunk.variable, chunk, parameters),
                                     part(layout_, *chunk.scale, chunk, parameters)};
  const Stream stream{seed_, Site::divergence, static_cast<std::uint32_t>(*chunk.scale), step_, 0};
  const DivergenceNoise noise{stream, chunk.begin,
                              scratch_[static_cast<std::size_t>(worker)].span().first(chunk.size)};
  if (gradient == nullptr) return divergence(tensor.divergence, q, prior, noise);
  return add_divergence_gradient(tensor.divergence, q, prior, noise, kl_scale,
                                 {part(layout_, chunk.variable, chunk, gradient),
                                  part(layout_, *chunk.scale, chunk, gradient)});
}

void ParameterLoss::finish(float kl_scale, float* gradient) {
  kl_ = 0.0;
  std::fill(tensor_sums_.begin(), tensor_sums_.end(), DivergenceSums());
  penalty_ = 0.0;
  for (std::size_t i = 0; i < chunks_.size(); ++i) {
    const DivergenceSums& divergence = terms_[i].divergence;
    kl_ += divergence.kl;
    penalty_ += terms_[i].penalty;
    if (!chunks_[i].tensor) continue;
    DivergenceSums& sums = tensor_sums_[*chunks_[i].tensor];
    sums.prior_loc_gradient += divergence.prior_loc_gradient;
    sums.prior_log_scale_gradient += divergence.prior_log_scale_gradient;
  }
  if (gradient == nullptr) return;
  for (std::size_t t = 0; t < tensor_sums_.size(); ++t) {
    const RandomTensor& tensor = layout_.random_tensors()[t];
    if (!tensor.prior_loc) continue;
    const auto put = [&](std::size_t variable, double value) {
      gradient[layout_.variables()[variable].slice.offset] =
          static_cast<float>(static_cast<double>(kl_scale) * value);
    };
    put(*tensor.prior_loc, tensor_sums_[t].prior_loc_gradient);
    put(*tensor.prior_scale, tensor_sums_[t].prior_log_scale_gradient);
  }
}

std::size_t ParameterLoss::bytes(int workers) {
  return static_cast<std::size_t>(workers) * kChunkElements * sizeof(float);
}

}  // namespace bnn
