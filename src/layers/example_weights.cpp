#include "bnn/layers/example_weights.h"

#include <algorithm>

#include "bnn/bayes/flipout.h"
#include "bnn/math/vector_ops.h"

namespace bnn {

ExampleWeights::ExampleWeights(const KernelForm& form, Scratch& scratch)
    : form_(form),
      s_(scratch.span(rows())),
      r_(scratch.span(form.outputs)),
      weights_(scratch.take(form.size())),
      gradient_(scratch.take(form.size())),
      noise_(scratch.span(draws_weights() ? form.size() : 0)) {}

void ExampleWeights::draw(const Pass& pass, std::size_t b) {
  if (!form_.kernel.differs_by_example(pass)) return;
  if (draws_weights()) {
    fill_normal(example_stream(pass.noise, form_.noise, NoiseUse::weights, b), 0, noise_);
    return;
  }
  const std::span<float> s = s_.first(form_.inputs);
  input_signs(pass.noise, form_.noise, b, 0, s);
  for (std::size_t at = s.size(); at < s_.size(); at += s.size()) {
    std::copy(s.begin(), s.end(), s_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  output_signs(pass.noise, form_.noise, b, 0, r_);
}

bool ExampleWeights::is_flipped(const Pass& pass) const {
  return form_.kernel.differs_by_example(pass) && !draws_weights() && pass.products.know_flipout();
}

FlippedMatrix ExampleWeights::flipped(const Pass& pass) const {
  return {form_.kernel.common(pass), form_.kernel.drawn(pass), s_.data(), r_.data()};
}

FlippedMatrixGradient ExampleWeights::flipped_gradient(const Pass& pass, float* gradient) const {
  return {form_.kernel.common_gradient(pass, gradient), form_.kernel.drawn_gradient(gradient),
          s_.data(), r_.data()};
}

void ExampleWeights::transpose_flipped(const Pass& pass) {
  transpose(form_.kernel.common(pass), rows(), form_.outputs, weights_);
  transpose(form_.kernel.drawn(pass), rows(), form_.outputs, gradient_);
}

FlippedMatrix ExampleWeights::flipped_transposed() const {
  return {weights_, gradient_, r_.data(), s_.data()};
}

const float* ExampleWeights::weights(const Pass& pass) {
  const float* mean = form_.kernel.common(pass);
  if (!form_.kernel.differs_by_example(pass)) return mean;
  const float* drawn = form_.kernel.drawn(pass);
  if (draws_weights()) {
    for (std::size_t i = 0; i < noise_.size(); ++i) weights_[i] = mean[i] + drawn[i] * noise_[i];
  } else {
    assemble_weights(mean, drawn, form_.taps, s_.first(form_.inputs), r_, weights_);
  }
  return weights_;
}

void ExampleWeights::scatter(const Pass& pass, float* gradient) const {
  const float* g = gradient_;
  float* mean = form_.kernel.common_gradient(pass, gradient);
  float* drawn = form_.kernel.drawn_gradient(gradient);
  if (!draws_weights()) {
    return scatter_gradient(g, form_.taps, s_.first(form_.inputs), r_, mean, drawn);
  }
  for (std::size_t i = 0; i < noise_.size(); ++i) {
    mean[i] += g[i];
    drawn[i] += noise_[i] * g[i];
  }
}

}  // namespace bnn
