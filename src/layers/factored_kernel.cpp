#include "bnn/layers/factored_kernel.h"

#include <algorithm>

#include "bnn/bayes/flipout.h"
#include "bnn/core/vector_loop.h"

namespace bnn {
namespace {

bool has_own(const WeightTensor& kernel) {
  return kernel.draw == Draw::perturbation || kernel.draw == Draw::scale;
}

std::size_t signs_of(const WeightTensor& kernel, const Shape& shape) {
  return kernel.draw == Draw::perturbation ? static_cast<std::size_t>(shape.channels) : 0;
}

}  // namespace

FactoredKernel::FactoredKernel(const ImageMap& map, const WeightTensor& kernel,
                               const LayerNoise& noise, Scratch& scratch)
    : map_(map),
      kernel_(kernel),
      noise_(noise),
      s_(scratch.span(signs_of(kernel, map.input()))),
      r_(scratch.span(signs_of(kernel, map.output()))),
      factors_(scratch.span(has_own(kernel) ? kernel.size() : 0)),
      weights_(scratch.span(has_own(kernel) ? kernel.size() : 0)),
      gradient_(scratch.span(has_own(kernel) ? kernel.size() : 0)) {}

void FactoredKernel::draw_factors(const Pass& pass, std::size_t b) {
  if (kernel_.draw == Draw::scale) {
    fill_normal(example_stream(pass.noise, noise_, NoiseUse::weights, b), 0, factors_);
    return;
  }
  input_signs(pass.noise, noise_, b, 0, s_);
  output_signs(pass.noise, noise_, b, 0, r_);
  map_.spread_signs(s_, r_, factors_);
}

void FactoredKernel::draw(const Pass& pass, std::size_t b) {
  if (!kernel_.differs_by_example(pass)) return;
  draw_factors(pass, b);
  const float *mean = kernel_.common(pass), *drawn = kernel_.drawn(pass);
  run_vectorized([=, factors = factors_, weights = weights_.data()]<MultiplyAdd kind>() {
    for (std::size_t i = 0; i < factors.size(); ++i) {
      weights[i] = multiply_add<kind>(drawn[i], factors[i], mean[i]);
    }
  });
}

const float* FactoredKernel::weights(const Pass& pass) const {
  return kernel_.differs_by_example(pass) ? weights_.data() : kernel_.common(pass);
}

float* FactoredKernel::begin_gradient(const Pass& pass, float* gradient) const {
  if (!kernel_.differs_by_example(pass)) return kernel_.common_gradient(pass, gradient);
  std::fill(gradient_.begin(), gradient_.end(), 0.0f);
  return gradient_.data();
}

void FactoredKernel::fold(const Pass& pass, float* gradient) const {
  if (!kernel_.differs_by_example(pass)) return;
  float* mean = kernel_.common_gradient(pass, gradient);
  float* drawn = kernel_.drawn_gradient(gradient);
  run_vectorized([=, own = gradient_, factors = factors_.data()]<MultiplyAdd kind>() {
    for (std::size_t i = 0; i < own.size(); ++i) {
      mean[i] += own[i];
      drawn[i] = multiply_add<kind>(factors[i], own[i], drawn[i]);
    }
  });
}

}  // namespace bnn
