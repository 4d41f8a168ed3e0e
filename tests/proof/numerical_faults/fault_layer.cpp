#include "fault_layer.h"

#include <algorithm>

namespace bnn::proof {
namespace {

constexpr std::uint32_t kExample = 1;  // its name among those of the batch

class FaultLayer final : public Layer {
 public:
  FaultLayer(std::string name, const Shape& shape, const Fault& fault)
      : name_(std::move(name)), shape_(shape), fault_(fault) {}

  Shape output_shape() const override { return shape_; }

  void forward(const ForwardArgs& args) const override {
    hand_on(args.pass, args.inputs[0], args.output, FaultWay::forward);
  }

  void backward(const BackwardArgs& args) const override {
    if (args.input_gradients[0] == nullptr) return;
    hand_on(args.pass, args.output_gradient, args.input_gradients[0], FaultWay::backward);
  }

 private:
  void hand_on(const Pass& pass, const float* from, float* to, FaultWay way) const {
    std::copy_n(from, static_cast<std::size_t>(pass.examples) * shape_.size(), to);
    if (fault_.way != way || fault_.layer != name_) return;
    for (std::size_t i = 0; i < pass.noise.examples.size(); ++i) {
      if (pass.noise.examples[i] != kExample) continue;
      to[i * shape_.size() + fault_.element % shape_.size()] = fault_.value;
    }
  }

  std::string name_;
  Shape shape_;
  const Fault& fault_;
};

class HidingLayer final : public Layer {
 public:
  explicit HidingLayer(const Shape& shape) : shape_(shape) {}

  Shape output_shape() const override { return shape_; }

  void forward(const ForwardArgs& args) const override {
    for_all(args.pass, args.inputs[0], args.output);
  }

  void backward(const BackwardArgs& args) const override {
    if (args.input_gradients[0] != nullptr) {
      for_all(args.pass, args.output_gradient, args.input_gradients[0]);
    }
  }

 private:
  void for_all(const Pass& pass, const float* from, float* to) const {
    const std::size_t size = static_cast<std::size_t>(pass.examples) * shape_.size();
    std::transform(from, from + size, to, [](float z) { return z > -100.0f ? z : -100.0f; });
  }

  Shape shape_;
};

}  // namespace

std::unique_ptr<Layer> make_faulty(const Fault& fault, const LayerSpec& spec,
                                   const std::string& variables, const LayerNoise& noise,
                                   const std::vector<Shape>& inputs, ParameterLayout& layout) {
  if (spec.name == "control") return std::make_unique<HidingLayer>(inputs[0]);
  if (spec.name == "before" || spec.name == "after" || spec.name == "end") {
    return std::make_unique<FaultLayer>(spec.name, inputs[0], fault);
  }
  return make_layer(spec, variables, noise, inputs, layout);
}

}  // namespace bnn::proof
