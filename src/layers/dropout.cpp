#include "bnn/layers/dropout.h"

#include <cstring>

#include "bnn/core/json_reader.h"

namespace bnn {

std::size_t Dropout::mask_size() const {
  return unit_ == DropoutUnit::number ? shape_.size() : static_cast<std::size_t>(shape_.channels);
}

std::size_t Dropout::scratch_size(int /*examples*/) const { return mask_size(); }

void Dropout::mask(const PassNoise& noise, std::size_t b, std::span<float> factors) const {
  fill_uniform(example_stream(noise, noise_, NoiseUse::dropout, b), 0, factors);
  for (float& factor : factors) factor = factor < rate_ ? 0.0f : 1.0f / (1.0f - rate_);
}

void Dropout::apply(const Pass& pass, const float* from, float* factors, float* to) const {
  const std::size_t size = shape_.size(), units = mask_size();
  const bool drops = pass.has_noise() || pass.shared_draws;
  if (!drops || rate_ == 0.0f) {
    std::memcpy(to, from, static_cast<std::size_t>(pass.examples) * size * sizeof(float));
    return;
  }
  for (std::size_t b = 0; b < static_cast<std::size_t>(pass.examples); ++b) {
    mask(pass.noise, b, {factors, units});
    for (std::size_t first = 0; first < size; first += units, from += units, to += units) {
      for (std::size_t i = 0; i < units; ++i) {
        to[i] = factors[i] == 0.0f ? 0.0f : from[i] * factors[i];
      }
    }
  }
}

void Dropout::forward(const ForwardArgs& args) const {
  apply(args.pass, args.inputs[0], args.scratch, args.output);
}

void Dropout::backward(const BackwardArgs& args) const {
  if (args.input_gradients[0] == nullptr) return;
  apply(args.pass, args.output_gradient, args.scratch, args.input_gradients[0]);
}

std::unique_ptr<Layer> DropoutSpec::make(const LayerArguments& arguments) const {
  const Shape& shape = unit == DropoutUnit::channel ? arguments.image() : arguments.input();
  return std::make_unique<Dropout>(rate, arguments.noise, shape, unit);
}

DropoutSpec read_dropout(ObjectReader& reader, DropoutUnit unit) {
  return {reader.real("rate", {.min = 0.0, .max = 0.999999}), unit};
}

}  // namespace bnn
