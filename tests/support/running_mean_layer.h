#pragma once
// A layer with state, for tests alone: it takes the running mean of its inputs away from them. The
// mean follows each training step's batch, element by element: mean = 0.75 mean + 0.25 batch mean.

#include <memory>
#include <string>
#include <vector>

#include "bnn/layers/weights.h"
#include "support/model_fixtures.h"

namespace bnn::testing {

constexpr float kKept = 0.75f;

class RunningMeanLayer : public Layer {
 public:
  RunningMeanLayer(const std::string& variables, const Shape& shape, ParameterLayout& layout)
      : shape_(shape),
        mean_(declare_state(layout, variables, "moving_mean",
                            {static_cast<std::int64_t>(shape.size())}, 0.5)) {}

  Shape output_shape() const override { return shape_; }

  void forward(const ForwardArgs& args) const override {
    const float* mean = args.pass.parameters + mean_.offset;
    const float* input = args.inputs[0];
    for (int b = 0; b < args.pass.examples; ++b) {
      for (std::size_t i = 0; i < mean_.size; ++i) {
        const std::size_t at = static_cast<std::size_t>(b) * mean_.size + i;
        args.output[at] = input[at] - mean[i];
        if (args.pass.training) args.state_sums[mean_.offset + i] += input[at];
      }
    }
  }

  void backward(const BackwardArgs& args) const override {
    if (args.input_gradients[0] == nullptr) return;
    const auto size = static_cast<std::size_t>(args.pass.examples) * mean_.size;
    std::copy_n(args.output_gradient, size, args.input_gradients[0]);
  }

  double state_values() const override { return 1.0; }

  void update_state(const UpdateStateArgs& args) const override {
    const auto count = static_cast<float>(args.count);
    for (std::size_t i = mean_.offset; i < mean_.offset + mean_.size; ++i) {
      args.parameters[i] = kKept * args.parameters[i] + (1 - kKept) * (args.sums[i] / count);
    }
  }

 private:
  Shape shape_;
  Slice mean_;
};

/// A graph in which the layers named "running" are such layers, whatever their type.
inline Graph make_graph_with_state(const std::string& model) {
  return make_graph(
      model,
      [](const LayerSpec& spec, const std::string& variables, const LayerNoise& noise,
         const std::vector<Shape>& inputs, ParameterLayout& layout) -> std::unique_ptr<Layer> {
        if (spec.name != "running") return make_layer(spec, variables, noise, inputs, layout);
        return std::make_unique<RunningMeanLayer>(variables, inputs[0], layout);
      });
}

/// Images of 4 x 4 x 2: the running mean of the pixels, then two dense layers.
inline const std::string kStateModel =
    R"({"input": {"height": 4, "width": 4, "channels": 2}, "layers": [
    {"type": "flatten", "name": "pixels"}, {"type": "activation", "name": "running"},
    {"type": "dense_flipout", "name": "hidden", "units": 5, "activation": "tanh"},
    {"type": "dense_flipout", "name": "logits", "units": 3}]})";

}  // namespace bnn::testing
