#include "bnn/layers/flatten.h"

#include <limits>

#include "bnn/core/error.h"
#include "bnn/math/vector_ops.h"

namespace bnn {
Flatten::Flatten(const Shape& input) : input_(input) {
  if (input.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    throw Error(ErrorKind::config, "the input is too large");
  }
  shape_ = flat_shape(static_cast<int>(input.size()));
}

// Called only where the layer is no view.
void Flatten::forward(const ForwardArgs& args) const {
  const auto channels = static_cast<std::size_t>(input_.channels);
  for (std::size_t b = 0; b < static_cast<std::size_t>(args.pass.examples); ++b) {
    const std::size_t first = b * input_.size();
    transpose(args.inputs[0] + first, input_.pixels(), channels, args.output + first);
  }
}

void Flatten::backward(const BackwardArgs& args) const {
  if (args.input_gradients[0] == nullptr) return;
  const auto channels = static_cast<std::size_t>(input_.channels);
  for (std::size_t b = 0; b < static_cast<std::size_t>(args.pass.examples); ++b) {
    const std::size_t first = b * input_.size();
    transpose(args.output_gradient + first, channels, input_.pixels(),
              args.input_gradients[0] + first);
  }
}

std::unique_ptr<Layer> FlattenSpec::make(const LayerArguments& arguments) const {
  return std::make_unique<Flatten>(arguments.input());
}

}  // namespace bnn
