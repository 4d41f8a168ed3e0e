#pragma once
// A function of an image and a kernel that is linear in both: what depthwise and transposed
// convolutions compute before bias and activation. image_map_layer.h makes layers of it, with every
// estimator.
//
// A map is immutable. Its functions work on one image, allocate nothing and are thread-safe, each
// call with memory of its own.

#include <cstddef>
#include <memory>
#include <span>

#include "bnn/core/shape.h"
#include "bnn/math/products.h"

namespace bnn {

/// What the functions of a map are lent.
struct MapMemory {
  const Products& products;
  float* memory;  // memory_size floats
};

class ImageMap {
 public:
  virtual ~ImageMap() = default;

  virtual Shape input() const = 0;
  virtual Shape output() const = 0;
  virtual double multiply_adds() const = 0;
  virtual std::size_t memory_size() const = 0;

  /// output = the image under the kernel.
  virtual void apply(const float* image, const float* kernel, float* output,
                     const MapMemory& lent) const = 0;
  /// gradient += the gradient for the kernel.
  virtual void add_kernel_gradient(const float* image, const float* output_gradient,
                                   float* gradient, const MapMemory& lent) const = 0;
  /// image_gradient = the gradient for the image.
  virtual void image_gradient(const float* output_gradient, const float* kernel,
                              float* image_gradient, const MapMemory& lent) const = 0;

  /// The sign of each weight under flipout: that of its input channel times that of its output
  /// channel (bayes/flipout.h).
  /// @param s signs of the channels of the input
  /// @param r signs of the channels of the output
  virtual void spread_signs(std::span<const float> s, std::span<const float> r,
                            std::span<float> signs) const = 0;
};

}  // namespace bnn
