#include "bnn/layers/shape_layers.h"

#include <cstring>
#include <limits>

#include "bnn/core/error.h"
#include "bnn/math/vector_ops.h"

namespace bnn {

Flatten::Flatten(const Shape& input) {
  if (input.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    throw Error(ErrorKind::config, "the input is too large");
  }
  shape_ = flat_shape(static_cast<int>(input.size()));
}

Add::Add(const std::vector<Shape>& inputs) : shape_(inputs[0]) {
  for (const Shape& shape : inputs) {
    if (shape == shape_) continue;
    throw Error(ErrorKind::config, "inputs to add must have one shape, but they have " +
                                       to_string(shape_) + " and " + to_string(shape));
  }
}

void Add::forward(const ForwardArgs& args) const {
  const std::size_t size = static_cast<std::size_t>(args.pass.examples) * shape_.size();
  std::memcpy(args.output, args.inputs[0], size * sizeof(float));
  for (const float* input : args.inputs.subspan(1)) {
    add(input, size, args.output);
  }
}

void Add::backward(const BackwardArgs& args) const {
  const std::size_t size = static_cast<std::size_t>(args.pass.examples) * shape_.size();
  for (float* gradient : args.input_gradients) {
    if (gradient != nullptr) std::memcpy(gradient, args.output_gradient, size * sizeof(float));
  }
}

}  // namespace bnn
