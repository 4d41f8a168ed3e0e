#include "bnn/layers/merge.h"

#include <cstdint>
#include <cstring>
#include <fmt/format.h>
#include <limits>
#include <string>

#include "bnn/core/error.h"
#include "bnn/core/json_reader.h"
#include "bnn/math/vector_ops.h"

namespace bnn {
namespace {

// The dimension of a shape that an axis names.
int& dimension(Shape& shape, int axis) {
  const int rank = shape.flat ? 2 : 4;
  const int place = axis < 0 ? axis + rank : axis;
  if (place < 1 || place >= rank) {
    throw Error(ErrorKind::config,
                fmt::format("there is no axis {} to concatenate {} along; expected {}", axis,
                            to_string(shape), shape.flat ? "1 or -1" : "1 to 3 or -3 to -1"));
  }
  if (shape.flat || place == (shape.channels_first ? 1 : 3)) return shape.channels;
  return place == (shape.channels_first ? 2 : 1) ? shape.height : shape.width;
}

}  // namespace

Add::Add(const std::vector<Shape>& inputs) : shape_(inputs[0]) {
  for (const Shape& shape : inputs) {
    if (shape == shape_) continue;
    throw Error(ErrorKind::config,
                fmt::format("inputs to add must have one shape, but they have {} and {}",
                            to_string(shape_), to_string(shape)));
  }
}

void Add::forward(const ForwardArgs& args) const {
  const std::size_t size = static_cast<std::size_t>(args.pass.examples) * shape_.size();
  add(args.inputs[0], args.inputs[1], size, args.output);
  for (const float* input : args.inputs.subspan(2)) add(input, size, args.output);
}

void Add::backward(const BackwardArgs& args) const {
  const std::size_t size = static_cast<std::size_t>(args.pass.examples) * shape_.size();
  for (float* gradient : args.input_gradients) {
    if (gradient != nullptr) std::memcpy(gradient, args.output_gradient, size * sizeof(float));
  }
}

Concatenate::Concatenate(int axis, const std::vector<Shape>& inputs) : shape_(inputs[0]) {
  std::int64_t total = 0;
  for (Shape shape : inputs) {
    Shape other = shape_;
    total += dimension(shape, axis);
    dimension(other, axis) = dimension(shape, axis);
    if (shape == other) continue;
    throw Error(ErrorKind::config,
                fmt::format("inputs to concatenate must have one shape but for the axis of "
                            "concatenation, but they have {} and {}",
                            to_string(shape_), to_string(shape)));
  }
  if (total > std::numeric_limits<int>::max()) {
    throw Error(ErrorKind::config, "the output is too large");
  }
  int& joined = dimension(shape_, axis);
  joined = static_cast<int>(total);
  blocks_ = &joined == &shape_.channels ? shape_.pixels()
            : &joined == &shape_.width  ? static_cast<std::size_t>(shape_.height)
                                        : 1;
  for (const Shape& shape : inputs) runs_.push_back(shape.size() / blocks_);
}

void Concatenate::forward(const ForwardArgs& args) const {
  const std::size_t blocks = static_cast<std::size_t>(args.pass.examples) * blocks_;
  float* output = args.output;
  for (std::size_t block = 0; block < blocks; ++block) {
    for (std::size_t k = 0; k < runs_.size(); ++k) {
      std::memcpy(output, args.inputs[k] + block * runs_[k], runs_[k] * sizeof(float));
      output += runs_[k];
    }
  }
}

void Concatenate::backward(const BackwardArgs& args) const {
  const std::size_t blocks = static_cast<std::size_t>(args.pass.examples) * blocks_;
  const float* gradient = args.output_gradient;
  for (std::size_t block = 0; block < blocks; ++block) {
    for (std::size_t k = 0; k < runs_.size(); ++k) {
      float* target = args.input_gradients[k];
      if (target != nullptr) {
        std::memcpy(target + block * runs_[k], gradient, runs_[k] * sizeof(float));
      }
      gradient += runs_[k];
    }
  }
}

std::unique_ptr<Layer> AddSpec::make(const LayerArguments& arguments) const {
  return std::make_unique<Add>(arguments.several_inputs());
}

std::unique_ptr<Layer> ConcatenateSpec::make(const LayerArguments& arguments) const {
  return std::make_unique<Concatenate>(axis, arguments.several_inputs());
}

ConcatenateSpec read_concatenate(ObjectReader& reader) {
  const auto axis = reader.integer("axis", {.min = -3, .max = 3, .fallback = -1});
  if (axis == 0) reader.problem("axis", "is the batch; expected -3 to -1 or 1 to 3, found 0");
  return {static_cast<int>(axis)};
}

}  // namespace bnn
