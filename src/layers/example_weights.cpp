#include "bnn/layers/example_weights.h"

#include "bnn/bayes/flipout.h"

namespace bnn {

ExampleWeights::ExampleWeights(const KernelForm& form, Scratch& scratch)
    : form_(form),
      s_(scratch.span(form.inputs)),
      r_(scratch.span(form.outputs)),
      weights_(scratch.take(form.size())),
      noise_(scratch.span(draws_weights() ? form.size() : 0)) {}

void ExampleWeights::draw(const Pass& pass, std::size_t b) {
  if (!form_.kernel.differs_by_example(pass)) return;
  if (draws_weights()) {
    fill_normal(example_stream(pass.noise, form_.noise, NoiseUse::weights, b), 0, noise_);
    return;
  }
  input_signs(pass.noise, form_.noise, b, 0, s_);
  output_signs(pass.noise, form_.noise, b, 0, r_);
}

const float* ExampleWeights::weights(const Pass& pass) {
  const float* mean = form_.kernel.common(pass);
  if (!form_.kernel.differs_by_example(pass)) return mean;
  const float* drawn = form_.kernel.drawn(pass);
  if (draws_weights()) {
    for (std::size_t i = 0; i < noise_.size(); ++i) weights_[i] = mean[i] + drawn[i] * noise_[i];
  } else {
    assemble_weights(mean, drawn, form_.taps, s_, r_, weights_);
  }
  return weights_;
}

void ExampleWeights::scatter(const Pass& pass, const float* g, float* gradient) const {
  float* mean = form_.kernel.common_gradient(pass, gradient);
  float* drawn = form_.kernel.drawn_gradient(gradient);
  if (!draws_weights()) return scatter_gradient(g, form_.taps, s_, r_, mean, drawn);
  for (std::size_t i = 0; i < noise_.size(); ++i) {
    mean[i] += g[i];
    drawn[i] += noise_[i] * g[i];
  }
}

}  // namespace bnn
