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
  }

  void update(const Chunk& chunk, const ChunkGradient& gradient,
              const ChunkParts<float>& values) override {
    const ChunkParts<float> m = state_of(0, chunk), v = state_of(1, chunk);
    adam_update(step_, gradient.factor, gradient.loss.loc, values.loc, m.loc, v.loc);
    adam_update(step_, gradient.factor, gradient.loss.scale, values.scale, m.scale, v.scale);
  }

 private:
  AdamSpec spec_;
  AdamStep step_ = {};
};

}  // namespace

AdamSpec read_adam(ObjectReader& reader) {
  AdamSpec adam;
  adam.learning_rate =
      reader.real("learning_rate", {.min = 0.0, .max = 1e6, .fallback = adam.learning_rate});
  adam.beta_1 = reader.real("beta_1", {.min = 0.0, .max = 0.999999, .fallback = adam.beta_1});
  adam.beta_2 = reader.real("beta_2", {.min = 0.0, .max = 0.9999999, .fallback = adam.beta_2});
  adam.epsilon = reader.real("epsilon", {.min = 1e-30, .max = 1.0, .fallback = adam.epsilon});
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
      parameters[i] -=
          step.step_size * m[i] / multiply_add<kind>(root, step.root_correction, step.epsilon);
    }
  });
}

}  // namespace bnn
