#include "bnn/layers/prelu.h"

#include "bnn/core/vector_loop.h"
#include "bnn/layers/read_weights.h"

namespace bnn {

// Comparisons are written so that a NaN stays: it must reach the loss and stop the run.
void Prelu::forward(const ForwardArgs& args) const {
  const auto channels = static_cast<std::size_t>(shape_.channels);
  const std::size_t pixels = static_cast<std::size_t>(args.pass.examples) * shape_.pixels();
  const float *x = args.inputs[0], *alpha = args.pass.parameters + alpha_.offset;
  float* y = args.output;
  run_vectorized([=]<MultiplyAdd>() {
    for (std::size_t i = 0; i < pixels; ++i) {
      for (std::size_t c = 0; c < channels; ++c) {
        const float z = x[i * channels + c];
        y[i * channels + c] = z > 0.0f ? z : alpha[c] * z;
      }
    }
  });
}

void Prelu::backward(const BackwardArgs& args) const {
  const auto channels = static_cast<std::size_t>(shape_.channels);
  const std::size_t pixels = static_cast<std::size_t>(args.pass.examples) * shape_.pixels();
  const float *x = args.inputs[0], *dy = args.output_gradient;
  const float* alpha = args.pass.parameters + alpha_.offset;
  float* dalpha = args.gradient + alpha_.offset;
  run_vectorized([=]<MultiplyAdd>() {
    for (std::size_t i = 0; i < pixels; ++i) {
      for (std::size_t c = 0; c < channels; ++c) {
        const float z = x[i * channels + c];
        dalpha[c] += z > 0.0f ? 0.0f : z * dy[i * channels + c];
      }
    }
  });
  float* dx = args.input_gradients[0];
  if (dx == nullptr) return;
  run_vectorized([=]<MultiplyAdd>() {
    for (std::size_t i = 0; i < pixels; ++i) {
      for (std::size_t c = 0; c < channels; ++c) {
        const float z = x[i * channels + c], d = dy[i * channels + c];
        dx[i * channels + c] = z > 0.0f ? d : alpha[c] * d;
      }
    }
  });
}

std::unique_ptr<Layer> PreluSpec::make(const LayerArguments& arguments) const {
  const Shape& shape = arguments.input();
  const Slice slice = declare_vector(arguments.layout, arguments.variables, "alpha",
                                     static_cast<std::size_t>(shape.channels), alpha, trainable);
  return std::make_unique<Prelu>(slice, shape);
}

PreluSpec read_prelu(ObjectReader& reader) {
  PreluSpec spec;
  reader.mark([&] { spec.alpha = read_variable(reader, "alpha", "zeros"); });
  return spec;
}

}  // namespace bnn
