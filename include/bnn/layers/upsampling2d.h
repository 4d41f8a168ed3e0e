#pragma once
// An image with `size` times as many rows and columns (Keras: UpSampling2D).
//
// Nearest: output pixel i repeats input pixel floor(i / size). Bilinear: pixels are points at the
// centres of their cells, so that output i lies at x = (i + 1/2) / size - 1/2 of the input, between
// floor(x) and floor(x) + 1; what lies outside is the nearest pixel of the edge (tf.image.resize
// with half_pixel_centers).

#include <array>
#include <vector>

#include "bnn/layers/layer_spec.h"

namespace bnn {

class ObjectReader;

enum class Interpolation { nearest, bilinear };

struct Upsampling2dSpec {
  std::array<int, 2> size = {2, 2};
  Interpolation interpolation = Interpolation::nearest;

  std::unique_ptr<Layer> make(const LayerArguments& arguments) const;
};

class Upsampling2d final : public Layer {
 public:
  /// Throws Error(config) if the output is too large.
  Upsampling2d(const Upsampling2dSpec& spec, const Shape& input);

  Shape output_shape() const override { return output_; }
  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;

 private:
  /// An output row or column is (1 - share) of input `low` and `share` of input `high`.
  struct Mix {
    std::size_t low, high;
    float share;
  };
  static std::vector<Mix> mixes_of(int input, int factor, Interpolation interpolation);
  /// Calls visit(input pixel, output pixel, weight) for each pair of one example, in a fixed order.
  template <typename Visit>
  void for_pairs(const Visit& visit) const;

  Shape input_, output_;
  std::vector<Mix> rows_, columns_;
};

Upsampling2dSpec read_upsampling2d(ObjectReader& reader);

}  // namespace bnn
