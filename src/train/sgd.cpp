#include "bnn/train/sgd.h"

#include <cstddef>
#include <span>

#include "bnn/core/json_reader.h"

namespace bnn {
namespace {

const std::vector<StateSpec>& sgd_state() {
  static const std::vector<StateSpec> state = {{.name = "velocity"}};
  return state;
}

class Sgd final : public Optimizer {
 public:
  Sgd(const SgdSpec& spec, const ParameterLayout& layout)
      : Optimizer(layout, sgd_state()), spec_(spec) {}

  void begin_step(const OptimizerStep& step, AlignedArray&) override {
    rate_ = static_cast<float>(step.learning_rate);
    scale_rate_ = static_cast<float>(step.learning_rate * spec_.scale_learning_rate_factor);
  }

  void update(const Chunk& chunk, const ChunkGradient& gradient,
              const ChunkParts<float>& values) override {
    const ChunkParts<float> velocity = state_of(0, chunk);
    move(rate_ * gradient.factor, gradient.loss.loc, velocity.loc, values.loc);
    move(scale_rate_ * gradient.factor, gradient.loss.scale, velocity.scale, values.scale);
  }

 private:
  void move(float rate, std::span<const float> gradient, std::span<float> velocity,
            std::span<float> values) const {
    const auto momentum = static_cast<float>(spec_.momentum);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const float descent = rate * gradient[i];
      velocity[i] = momentum * velocity[i] - descent;
      values[i] += spec_.nesterov ? momentum * velocity[i] - descent : velocity[i];
    }
  }

  SgdSpec spec_;
  float rate_ = 0.0f, scale_rate_ = 0.0f;
};

}  // namespace

SgdSpec read_sgd(ObjectReader& reader) {
  SgdSpec sgd;
  sgd.learning_rate =
      reader.real("learning_rate", {.min = 0.0, .max = 1e6, .fallback = sgd.learning_rate});
  sgd.momentum = reader.real("momentum", {.min = 0.0, .max = 0.999999, .fallback = sgd.momentum});
  sgd.nesterov = reader.boolean("nesterov", sgd.nesterov);
  sgd.scale_learning_rate_factor = read_scale_learning_rate_factor(reader);
  return sgd;
}

OptimizerSpec sgd_optimizer(const SgdSpec& spec) {
  return {.learning_rate = spec.learning_rate,
          .form = GradientForm::sum,
          .state = sgd_state(),
          .make = [spec](const ParameterLayout& layout) -> std::unique_ptr<Optimizer> {
            return std::make_unique<Sgd>(spec, layout);
          }};
}

}  // namespace bnn
