#pragma once
// An optimizer on a few variables, with gradients that a test writes: a random kernel
// "a/kernel_posterior_…" of prior N(0.1, 0.5), a deterministic one "b/kernel", a bias "b/bias" and
// a gain "c/gamma", kSize numbers each.

#include <memory>
#include <string>
#include <vector>

#include "bnn/core/aligned_array.h"
#include "bnn/core/random.h"
#include "bnn/train/optimizer.h"

namespace bnn::testing {

constexpr std::size_t kSize = 5;

inline ParameterLayout optimizer_layout(const Prior& prior = {.loc = 0.1, .scale = 0.5}) {
  ParameterLayout layout;
  const auto add = [&](const std::string& name, const Initializer& initializer) {
    layout.add(Variable{name, {kSize}, initializer});
  };
  const auto kind = Initializer::Kind::random_normal;
  add("a/kernel_posterior_loc", {kind, 0.0, 0.3});
  add("a/kernel_posterior_untransformed_scale", {kind, -3.0, 0.4});
  layout.add(RandomTensor{.loc = 0, .untransformed_scale = 1, .prior = prior});
  for (const char* name : {"b/kernel", "b/bias", "c/gamma"}) add(name, {kind, 0.5, 0.3});
  return layout;
}

struct OptimizerFixture {
  ParameterLayout layout = optimizer_layout();
  AlignedArray parameters{layout.size()}, loss{layout.size()}, regularization{layout.size()};
  OptimizerSpec spec;
  std::unique_ptr<Optimizer> optimizer = spec.make(layout);
  float kl_scale = 0.002f;
  std::uint64_t planned_steps = 100;

  explicit OptimizerFixture(OptimizerSpec made) : spec(std::move(made)) {
    initialize_parameters(layout, 3, parameters);
  }

  /// New gradients, normal with this deviation.
  void draw_gradients(std::uint32_t step, float deviation) {
    fill_normal({.seed = 1, .site = Site::weight_noise, .step = step}, 0, loss.span());
    fill_normal({.seed = 2, .site = Site::weight_noise, .step = step}, 0, regularization.span());
    for (float& g : loss.span()) g *= deviation;
    for (float& g : regularization.span()) g *= 0.01f;
  }

  void step(std::uint64_t number, double rate, float factor = 1.0f) {
    optimizer->begin_step({number, rate, kl_scale, planned_steps}, parameters);
    const float *of_loss = loss.data(), *of_rest = regularization.data();
    for (const Chunk& chunk : cut_into_chunks(layout)) {
      ChunkGradient gradient{parts(layout, chunk, of_loss), {}, factor};
      if (spec.form == GradientForm::parts) gradient.regularization = parts(layout, chunk, of_rest);
      optimizer->update(chunk, gradient, parts(layout, chunk, parameters.data()));
    }
  }

  std::span<float> values(AlignedArray& array, const std::string& name) const {
    const Slice slice = layout.find(name)->slice;
    return array.span().subspan(slice.offset, slice.size);
  }
  std::span<float> value(const std::string& name) { return values(parameters, name); }
  std::vector<float> copy(const std::string& name) {
    const auto span = value(name);
    return {span.begin(), span.end()};
  }
};

}  // namespace bnn::testing
