#include "bnn/infer/ensemble_predictor.h"

#include <algorithm>

namespace bnn {
namespace {

// One pass of a network without noise stands for all of its passes.
PredictionSpec spec_of(const EnsembleMember& member) {
  PredictionSpec spec = member.spec;
  spec.mean_weights = spec.mean_weights || !member.graph.has_noise();
  return spec;
}

std::size_t samples_of(const std::vector<EnsembleMember>& members) {
  int samples = 1;
  for (const EnsembleMember& member : members) {
    samples = std::max(samples, spec_of(member).passes());
  }
  return static_cast<std::size_t>(samples);
}

}  // namespace

EnsemblePredictor::EnsemblePredictor(const Likelihood& likelihood,
                                     const std::vector<EnsembleMember>& members, ThreadPool& pool)
    : samples_(samples_of(members)),
      width_(likelihood.prediction_size()),
      temperature_(members[0].spec.temperature),
      score_width_(members[0].scorer != nullptr ? members[0].scorer->size() : 0) {
  for (const EnsembleMember& member : members) {
    members_.push_back({Predictor(member.graph, likelihood, member.parameters, spec_of(member),
                                  pool, member.scorer),
                        Standardizer(member.standardization)});
  }
}

void EnsemblePredictor::check_often(const std::function<void()>& check) {
  for (Member& member : members_) member.predictor.check_often(check);
}

void EnsemblePredictor::predict(const Dataset& data, std::span<const std::uint32_t> examples,
                                const std::function<void(const PredictedBlock&)>& visit) {
  const std::size_t most = examples_of_a_block(passes(), width_ + score_width_);
  for (std::size_t first = 0; first < examples.size(); first += most) {
    const auto block = examples.subspan(first, std::min(most, examples.size() - first));
    predictions_.resize(passes() * block.size() * width_);
    scores_.resize(passes() * block.size() * score_width_);
    for (std::size_t m = 0; m < members_.size(); ++m) {
      Member& member = members_[m];
      member.predictor.predict(data, member.standardizer, block,
                               [&](const PredictedBlock& part) { collect(m, part, block.size()); });
    }
    visit({first, block, predictions_, passes(), width_, temperature_, scores_, score_width_});
  }
}

// Copies a member's numbers for a part of the block's examples to their places.
void EnsemblePredictor::collect(std::size_t member, const PredictedBlock& part,
                                std::size_t examples) {
  for (std::size_t s = 0; s < samples_; ++s) {
    const std::size_t from = part.passes == 1 ? 0 : s;
    const std::size_t to = s * members_.size() + member;
    const auto copy = [&](std::span<const float> numbers, std::size_t width, float* out) {
      const std::size_t floats = part.examples.size() * width;
      std::copy_n(numbers.data() + from * floats, floats,
                  out + (to * examples + part.first) * width);
    };
    copy(part.predictions, width_, predictions_.data());
    copy(part.scores, score_width_, scores_.data());
  }
}

}  // namespace bnn
