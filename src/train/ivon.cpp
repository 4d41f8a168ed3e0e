#include "bnn/train/ivon.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fmt/format.h>
#include <limits>
#include <vector>

#include "bnn/bayes/mean_field_normal.h"
#include "bnn/bayes/tensor_names.h"
#include "bnn/core/error.h"
#include "bnn/core/json_reader.h"
#include "bnn/core/vector_loop.h"

namespace bnn {
namespace {

const std::vector<StateSpec>& ivon_state() {
  static const std::vector<StateSpec> state = {{.name = "estimate"}};
  return state;
}

// sigma² of the mean of the scale's initializer, which is its first number in all kinds.
double initial_variance(const Variable& untransformed_scale) {
  const double u = untransformed_scale.initializer.a;
  const double sigma =
      static_cast<double>(kScaleEpsilon) + std::max(u, 0.0) + std::log1p(std::exp(-std::fabs(u)));
  return sigma * sigma;
}

class Ivon final : public Optimizer {
 public:
  Ivon(const IvonSpec& spec, const ParameterLayout& layout)
      : Optimizer(layout, ivon_state()), spec_(spec) {}

  void begin_step(const OptimizerStep& step, AlignedArray& parameters) override {
    if (step.number == 1) begin_curvature(step.kl_scale, parameters);
    const double beta_2 = spec_.beta_2.value_or(ivon_beta_2(step.planned_steps));
    steps_.clear();
    for (const RandomTensor& tensor : layout_.random_tensors()) {
      steps_.push_back(step_of(tensor, step, beta_2));
    }
    point_rate_ = static_cast<float>(step.learning_rate);
    correction_ = correction_at(step.number);
  }

  void check_state() const override {
    for (const RandomTensor& tensor : layout_.random_tensors()) {
      const Slice slice = slice_of_curvature(tensor);
      const auto values = state()[0].values.span().subspan(slice.offset, slice.size);
      const auto wrong = std::find_if_not(values.begin(), values.end(),
                                          [](float c) { return c > 0.0f && std::isfinite(c); });
      if (wrong == values.end()) continue;
      throw Error(ErrorKind::checkpoint,
                  fmt::format("tensor \"{}\": value {} is not above 0, as a curvature is",
                              optimizer_tensor_name(
                                  "estimate", layout_.variables()[tensor.untransformed_scale].name),
                              wrong - values.begin()));
    }
  }

  void update(const Chunk& chunk, const ChunkGradient& gradient,
              const ChunkParts<float>& values) override {
    const ChunkParts<float> estimate = state_of(0, chunk);
    if (!chunk.tensor) return update_point(gradient, values.loc, estimate.loc);
    ivon_update(
        steps_[*chunk.tensor],
        {gradient.loss.loc, gradient.loss.scale, gradient.regularization.loc, gradient.factor},
        values, estimate);
  }

 private:
  float correction_at(std::uint64_t t) const {
    return static_cast<float>(1.0 / (1.0 - std::pow(spec_.beta_1, static_cast<double>(t))));
  }

  Slice slice_of_curvature(const RandomTensor& tensor) const {
    return layout_.variables()[tensor.untransformed_scale].slice;
  }

  std::span<float> curvature_of(const RandomTensor& tensor) {
    const Slice slice = slice_of_curvature(tensor);
    return state()[0].values.span().subspan(slice.offset, slice.size);
  }

  void begin_curvature(float kl_scale, const AlignedArray& parameters) {
    for (const RandomTensor& tensor : layout_.random_tensors()) {
      const float* u =
          parameters.data() + layout_.variables()[tensor.untransformed_scale].slice.offset;
      for (float& c : curvature_of(tensor)) {
        const float sigma = scale_of(*u++);
        c = kl_scale / (sigma * sigma);
      }
    }
  }

  IvonStep step_of(const RandomTensor& tensor, const OptimizerStep& step, double beta_2) const {
    const auto kl_scale = static_cast<double>(step.kl_scale);
    const double scale = tensor.prior ? tensor.prior->scale : 1.0;
    const double first_curvature =
        kl_scale / initial_variance(layout_.variables()[tensor.untransformed_scale]);
    const double factor = spec_.rescale_learning_rate ? first_curvature : 1.0;
    return {static_cast<float>(spec_.beta_1),
            static_cast<float>(1.0 - spec_.beta_1),
            static_cast<float>(1.0 - beta_2),
            correction_at(step.number),
            step.kl_scale,
            static_cast<float>(kl_scale / (scale * scale)),
            static_cast<float>(step.learning_rate * factor),
            static_cast<float>(spec_.clip_radius.value_or(std::numeric_limits<float>::max()))};
  }

  void update_point(const ChunkGradient& gradient, std::span<float> values,
                    std::span<float> m) const {
    const auto beta_1 = static_cast<float>(spec_.beta_1);
    const auto rest_1 = static_cast<float>(1.0 - spec_.beta_1);
    for (std::size_t i = 0; i < values.size(); ++i) {
      m[i] = beta_1 * m[i] + rest_1 * gradient.factor * gradient.loss.loc[i];
      values[i] -=
          point_rate_ * (correction_ * m[i] + gradient.factor * gradient.regularization.loc[i]);
    }
  }

  IvonSpec spec_;
  std::vector<IvonStep> steps_;  // of each random tensor
  float point_rate_ = 0.0f, correction_ = 1.0f;
};

}  // namespace

double ivon_beta_2(std::uint64_t planned_steps) {
  return std::max(0.9, 1.0 - 2.0 / static_cast<double>(planned_steps));
}

IvonSpec read_ivon(ObjectReader& reader) {
  IvonSpec ivon;
  ivon.learning_rate =
      reader.real("learning_rate", {.min = 0.0, .max = 1e6, .fallback = ivon.learning_rate});
  ivon.beta_1 = reader.real("beta_1", {.min = 0.0, .max = 0.999999, .fallback = ivon.beta_1});
  reader.optional("beta_2",
                  [&] { ivon.beta_2 = reader.real("beta_2", {.min = 0.0, .max = 0.9999999}); });
  reader.optional("clip_radius", [&] {
    ivon.clip_radius = reader.real("clip_radius", {.min = 0.0, .max = 1e30, .above_min = true});
  });
  ivon.rescale_learning_rate = reader.boolean("rescale_learning_rate", ivon.rescale_learning_rate);
  return ivon;
}

OptimizerSpec ivon_optimizer(const IvonSpec& spec) {
  return {.learning_rate = spec.learning_rate,
          .form = GradientForm::parts,
          .state = ivon_state(),
          .make = [spec](const ParameterLayout& layout) -> std::unique_ptr<Optimizer> {
            return std::make_unique<Ivon>(spec, layout);
          },
          .require_fit = require_ivon_fits,
          .clip_key = "clip_radius"};
}

void ivon_update(const IvonStep& step, const IvonGradient& gradient,
                 const ChunkParts<float>& values, const ChunkParts<float>& estimate) {
  run_vectorized([=]<MultiplyAdd kind>() {
    for (std::size_t i = 0; i < values.loc.size(); ++i) {
      float& m = estimate.loc[i];
      float& c = estimate.scale[i];
      const float f = gradient.factor * gradient.sigma[i] * std::sqrt(c / step.kl_scale);
      const float u = step.rest_2 * (f - (c - step.decay)) / c;
      c *= multiply_add<kind>(u, multiply_add<kind>(0.5f, u, 1.0f), 1.0f);
      m = multiply_add<kind>(step.beta_1, m, step.rest_1 * gradient.factor * gradient.loc[i]);
      const float slope =
          multiply_add<kind>(step.correction, m, gradient.factor * gradient.regularization[i]);
      float newton = slope / c;
      newton = newton < -step.radius ? -step.radius : newton;
      newton = newton > step.radius ? step.radius : newton;
      values.loc[i] -= step.rate * newton;
      values.scale[i] = fast_untransformed_scale<kind>(std::sqrt(step.kl_scale / c));
    }
  });
}

}  // namespace bnn
