#include "bnn/layers/example_weights.h"

#include <algorithm>

#include "bnn/bayes/flipout.h"
#include "bnn/math/packed_matrix.h"

namespace bnn {

namespace {

// Of a kernel, or of its transpose, packed.
std::size_t memory_size(const KernelForm& form) {
  const int rows = form.taps * static_cast<int>(form.inputs);
  return std::max(form.size(), packed_size(static_cast<int>(form.outputs), rows));
}

}  // namespace

ExampleWeights::ExampleWeights(const KernelForm& form, Scratch& scratch)
    : form_(form),
      s_(scratch.span(rows())),
      r_(scratch.span(form.outputs)),
      gradient_(scratch.take(memory_size(form))),
      weights_(scratch.take(draws_weights() ? form.size() : 0)),
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
  return form_.kernel.differs_by_example(pass) && !draws_weights();
}

FlippedMatrix ExampleWeights::flipped(const Pass& pass) const {
  return {form_.kernel.common(pass), form_.kernel.drawn(pass), s_.data(), r_.data()};
}

FlippedMatrixGradient ExampleWeights::flipped_gradient(const Pass& pass, float* gradient) const {
  return {form_.kernel.common_gradient(pass, gradient), form_.kernel.drawn_gradient(gradient),
          s_.data(), r_.data()};
}

FlippedMatrix ExampleWeights::flipped_transposed(const TransposedKernel& kernel,
                                                 const float* prepared) const {
  return {kernel.common(prepared).data, kernel.perturbation(prepared).data, r_.data(), s_.data(),
          /*is_packed=*/true};
}

bool ExampleWeights::are_own(const Pass& pass) const {
  return form_.kernel.differs_by_example(pass) && draws_weights();
}

const float* ExampleWeights::weights(const Pass& pass) {
  const float* mean = form_.kernel.common(pass);
  if (!are_own(pass)) return mean;
  const float* drawn = form_.kernel.drawn(pass);
  for (std::size_t i = 0; i < noise_.size(); ++i) weights_[i] = mean[i] + drawn[i] * noise_[i];
  return weights_;
}

void ExampleWeights::scatter(const Pass& pass, float* gradient) const {
  float* mean = form_.kernel.common_gradient(pass, gradient);
  float* drawn = form_.kernel.drawn_gradient(gradient);
  for (std::size_t i = 0; i < noise_.size(); ++i) {
    mean[i] += gradient_[i];
    drawn[i] += noise_[i] * gradient_[i];
  }
}

}  // namespace bnn
