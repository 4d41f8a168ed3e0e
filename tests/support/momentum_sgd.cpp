#include "support/momentum_sgd.h"

#include "bnn/core/json_reader.h"

namespace bnn::testing {
namespace {

const std::vector<StateSpec> kState = {{.name = "velocity"}};

class Momentum final : public Optimizer {
 public:
  Momentum(const MomentumSpec& spec, const ParameterLayout& layout)
      : Optimizer(layout, kState), momentum_(static_cast<float>(spec.momentum)) {}

  void begin_step(const OptimizerStep& step, AlignedArray&) override {
    learning_rate_ = static_cast<float>(step.learning_rate);
  }

  void update(const Chunk& chunk, const ChunkGradient& gradient,
              const ChunkParts<float>& values) override {
    const ChunkParts<float> velocity = state_of(0, chunk);
    move(gradient.factor, gradient.loss.loc, velocity.loc, values.loc);
    move(gradient.factor, gradient.loss.scale, velocity.scale, values.scale);
  }

 private:
  void move(float factor, std::span<const float> gradient, std::span<float> velocity,
            std::span<float> values) const {
    for (std::size_t i = 0; i < values.size(); ++i) {
      velocity[i] = momentum_ * velocity[i] + factor * gradient[i];
      values[i] -= learning_rate_ * velocity[i];
    }
  }

  float momentum_, learning_rate_ = 0.0f;
};

OptimizerSpec read_momentum(ObjectReader& reader) {
  MomentumSpec spec;
  spec.learning_rate = reader.real("learning_rate", {.min = 0.0, .fallback = spec.learning_rate});
  spec.momentum = reader.real("momentum", {.min = 0.0, .max = 1.0, .fallback = spec.momentum});
  return momentum_optimizer(spec);
}

}  // namespace

OptimizerSpec momentum_optimizer(const MomentumSpec& spec) {
  return {.learning_rate = spec.learning_rate,
          .form = GradientForm::sum,
          .state = kState,
          .make = [spec](const ParameterLayout& layout) -> std::unique_ptr<Optimizer> {
            return std::make_unique<Momentum>(spec, layout);
          }};
}

std::vector<OptimizerType> types_with_momentum() {
  std::vector<OptimizerType> types = optimizer_types();
  types.push_back({"momentum", read_momentum});
  return types;
}

}  // namespace bnn::testing
