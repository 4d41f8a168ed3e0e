#include "bnn/train/adam.h"

#include <cmath>
#include <cstddef>

#include "bnn/core/json_reader.h"
#include "bnn/core/vector_loop.h"

namespace bnn {
namespace {

const std::vector<StateSpec>& adam_state() {
  static const std::vector<StateSpec> state = {{.name = "m"}, {.name = "v", .non_negative = true}};
  return state;
}

class Adam final : public Optimizer {
 public:
  Adam(const AdamSpec& spec, const ParameterLayout& layout)
      : Optimizer(layout, adam_state()), spec_(spec) {}

  void begin_step(const OptimizerStep& step, AlignedArray&) override {
    step_ = adam_step(spec_, step.learning_rate, step.number);
    shrinkage_ = static_cast<float>(step.learning_rate * spec_.weight_decay);
  }

  void update(const Chunk& chunk, const ChunkGradient& gradient,
              const ChunkParts<float>& values) override {
    const ChunkParts<float> m = state_of(0, chunk), v = state_of(1, chunk);
    AdamStep of_loc = step_, of_scale = step_;
    if (is_decayed(layout_.variables()[chunk.variable])) of_loc.shrinkage = shrinkage_;
    of_scale.step_size *= static_cast<float>(spec_.scale_learning_rate_factor);
    adam_update(of_loc, gradient.factor, gradient.loss.loc, values.loc, m.loc, v.loc);
    adam_update(of_scale, gradient.factor, gradient.loss.scale, values.scale, m.scale, v.scale);
  }

 private:
  AdamSpec spec_;
  AdamStep step_ = {};
  float shrinkage_ = 0.0f;
};

}  // namespace

AdamSpec read_adam(ObjectReader& reader) {
  AdamSpec adam;
  adam.learning_rate =
      reader.real("learning_rate", {.min = 0.0, .max = 1e6, .fallback = adam.learning_rate});
  adam.beta_1 = reader.real("beta_1", {.min = 0.0, .max = 0.999999, .fallback = adam.beta_1});
  adam.beta_2 = reader.real("beta_2", {.min = 0.0, .max = 0.9999999, .fallback = adam.beta_2});
  adam.epsilon = reader.real("epsilon", {.min = 1e-30, .max = 1.0, .fallback = adam.epsilon});
  adam.scale_learning_rate_factor = read_scale_learning_rate_factor(reader);
  return adam;
}

AdamSpec read_adamw(ObjectReader& reader) {
  constexpr double kKerasDecay = 0.004;
  AdamSpec adam = read_adam(reader);
  adam.weight_decay =
      reader.real("weight_decay", {.min = 0.0, .max = 1e6, .fallback = kKerasDecay});
  return adam;
}

OptimizerSpec adam_optimizer(const AdamSpec& spec) {
  return {.learning_rate = spec.learning_rate,
          .form = GradientForm::sum,
          .state = adam_state(),
          .make = [spec](const ParameterLayout& layout) -> std::unique_ptr<Optimizer> {
            return std::make_unique<Adam>(spec, layout);
          }};
}

AdamStep adam_step(const AdamSpec& spec, double learning_rate, std::uint64_t t) {
  const auto steps = static_cast<double>(t);
  return {static_cast<float>(spec.beta_1),
          static_cast<float>(spec.beta_2),
          static_cast<float>(spec.epsilon),
          static_cast<float>(1.0 - spec.beta_1),
          static_cast<float>(1.0 - spec.beta_2),
          static_cast<float>(learning_rate / (1.0 - std::pow(spec.beta_1, steps))),
          static_cast<float>(1.0 / std::sqrt(1.0 - std::pow(spec.beta_2, steps)))};
}

void adam_update(const AdamStep& step, float gradient_scale, std::span<const float> gradient,
                 std::span<float> parameters, std::span<float> m, std::span<float> v) {
  run_vectorized([=]<MultiplyAdd kind>() {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const float g = gradient_scale * gradient[i];
      m[i] = multiply_add<kind>(step.beta_1, m[i], step.rest_1 * g);
      v[i] = multiply_add<kind>(step.beta_2, v[i], step.rest_2 * g * g);
      const float root = std::sqrt(v[i]);
      parameters[i] -= step.shrinkage * parameters[i];
      parameters[i] -=
          step.step_size * m[i] / multiply_add<kind>(root, step.root_correction, step.epsilon);
    }
  });
}

}  // namespace bnn
