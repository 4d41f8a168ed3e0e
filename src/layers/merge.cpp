#include "bnn/layers/merge.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fmt/format.h>
#include <limits>
#include <string>
#include <utility>

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

Multiply::Multiply(const std::vector<Shape>& inputs)
    : shape_(*std::max_element(inputs.begin(), inputs.end(), [](const Shape& a, const Shape& b) {
        return std::pair(a.pixels(), !a.flat) < std::pair(b.pixels(), !b.flat);
      })) {
  for (const Shape& shape : inputs) {
    is_repeated_.push_back(!shape_.flat && shape.pixels() == 1 &&
                           shape.channels == shape_.channels);
    if (shape == shape_ || is_repeated_.back()) continue;
    throw Error(ErrorKind::config,
                fmt::format("inputs to multiply must have one shape, or be vectors of an image's "
                            "channels, but they have {} and {}",
                            to_string(shape_), to_string(shape)));
  }
}

const float* Multiply::row(const float* input, std::size_t k, std::size_t example,
                           std::size_t pixel) const {
  const std::size_t at = is_repeated_[k] ? example : example * shape_.pixels() + pixel;
  return input + at * static_cast<std::size_t>(shape_.channels);
}

void Multiply::forward(const ForwardArgs& args) const {
  const auto channels = static_cast<std::size_t>(shape_.channels);
  float* y = args.output;
  for (std::size_t b = 0; b < static_cast<std::size_t>(args.pass.examples); ++b) {
    for (std::size_t pixel = 0; pixel < shape_.pixels(); ++pixel, y += channels) {
      std::copy_n(row(args.inputs[0], 0, b, pixel), channels, y);
      for (std::size_t k = 1; k < args.inputs.size(); ++k) {
        multiply(row(args.inputs[k], k, b, pixel), channels, y);
      }
    }
  }
}

void Multiply::backward(const BackwardArgs& args) const {
  for (std::size_t k = 0; k < args.inputs.size(); ++k) {
    if (args.input_gradients[k] != nullptr) backward_to(k, args);
  }
}

// dx_k = dy ∘ the product of the other inputs, summed over the pixels that input k multiplies.
void Multiply::backward_to(std::size_t k, const BackwardArgs& args) const {
  const auto channels = static_cast<std::size_t>(shape_.channels);
  const float* dy = args.output_gradient;
  float* dx = args.input_gradients[k];
  for (std::size_t b = 0; b < static_cast<std::size_t>(args.pass.examples); ++b) {
    if (is_repeated_[k]) std::fill_n(dx, channels, 0.0f);
    for (std::size_t pixel = 0; pixel < shape_.pixels(); ++pixel, dy += channels) {
      float* product = is_repeated_[k] ? args.scratch : dx;
      std::copy_n(dy, channels, product);
      for (std::size_t other = 0; other < args.inputs.size(); ++other) {
        if (other == k) continue;
        multiply(row(args.inputs[other], other, b, pixel), channels, product);
      }
      if (is_repeated_[k]) {
        add(product, channels, dx);
      } else {
        dx += channels;
      }
    }
    if (is_repeated_[k]) dx += channels;
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

std::unique_ptr<Layer> MultiplySpec::make(const LayerArguments& arguments) const {
  return std::make_unique<Multiply>(arguments.several_inputs());
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
