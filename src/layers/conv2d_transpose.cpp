#include "bnn/layers/conv2d_transpose.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <limits>

#include "bnn/core/error.h"
#include "bnn/layers/conv2d_tiles.h"
#include "bnn/layers/image_map_layer.h"
#include "bnn/layers/read_options.h"
#include "bnn/layers/read_weights.h"

namespace bnn {
namespace {

class TransposedMap final : public ImageMap {
 public:
  TransposedMap(const Window& window, const Shape& input) : window_(window), input_(input) {}

  Shape input() const override { return input_; }
  Shape output() const override { return window_.input; }
  double multiply_adds() const override {
    return static_cast<double>(window_.pixels()) * window_.depth() * input_.channels;
  }
  std::size_t memory_size() const override { return padded_floats() + tile_size(window_); }

  // col2im(X Wᵀ)
  void apply(const float* image, const float* kernel, float* output,
             const MapMemory& lent) const override {
    const bool is_identity = window_.is_identity();
    if (!is_identity) std::memset(output, 0, window_.input.size() * sizeof(float));
    for_each_tile(window_, [&](const Tile& tile) {
      float* columns = is_identity ? output + tile.first_pixel * filters() : columns_in(lent);
      lent.products.multiply_a_bt(pixels(image, tile), matrix_of(kernel),
                                  matrix(columns, tile.pixels, window_.depth()));
      if (!is_identity) add_col2im(window_, columns, tile.first_row, tile.last_row, output);
    });
  }

  // im2col(dY)ᵀ X
  void add_kernel_gradient(const float* image, const float* output_gradient, float* gradient,
                           const MapMemory& lent) const override {
    const ImageColumns columns(window_, lent.products, output_gradient, lent.memory,
                               columns_in(lent));
    for_each_tile(window_, [&](const Tile& tile) {
      columns.with_tile(tile, [&](const auto& windows) {
        lent.products.multiply_at_b(windows, pixels(image, tile),
                                    matrix(gradient, window_.depth(), input_.channels), Write::add);
      });
    });
  }

  // im2col(dY) W
  void image_gradient(const float* output_gradient, const float* kernel, float* image_gradient,
                      const MapMemory& lent) const override {
    const ImageColumns columns(window_, lent.products, output_gradient, lent.memory,
                               columns_in(lent));
    for_each_tile(window_, [&](const Tile& tile) {
      float* target = image_gradient + tile.first_pixel * channels();
      columns.with_tile(tile, [&](const auto& windows) {
        lent.products.multiply(windows, matrix_of(kernel),
                               matrix(target, tile.pixels, input_.channels));
      });
    });
  }

  void spread_signs(std::span<const float> s, std::span<const float> r,
                    std::span<float> signs) const override {
    float* sign = signs.data();
    for (int tap = 0; tap < window_.taps(); ++tap) {
      for (const float of_output : r) {
        for (const float of_input : s) *sign++ = of_output * of_input;
      }
    }
  }

 private:
  std::size_t filters() const { return static_cast<std::size_t>(window_.input.channels); }
  std::size_t channels() const { return static_cast<std::size_t>(input_.channels); }
  std::size_t padded_floats() const { return round_to_alignment(padded_size(window_)); }
  float* columns_in(const MapMemory& lent) const { return lent.memory + padded_floats(); }
  ConstMatrix pixels(const float* image, const Tile& tile) const {
    return matrix(image + tile.first_pixel * channels(), tile.pixels, input_.channels);
  }
  ConstMatrix matrix_of(const float* kernel) const {
    return matrix(kernel, window_.depth(), input_.channels);
  }

  Window window_;  // over the output
  Shape input_;
};

struct Extents {
  std::int64_t input, kernel, stride;
  std::optional<int> output_padding;
};

std::int64_t output_extent(const Extents& e, Padding padding) {
  if (!e.output_padding) {
    const std::int64_t most = e.input * e.stride;
    return padding == Padding::same ? most : most + std::max<std::int64_t>(e.kernel - e.stride, 0);
  }
  const std::int64_t covered = padding == Padding::same ? e.kernel % 2 : e.kernel;
  return (e.input - 1) * e.stride + covered + *e.output_padding;
}

// The output along one dimension, 0 vertical.
int checked_extent(const Shape& input, const Conv2dTransposeSpec& spec, std::size_t dimension) {
  const WindowSpec& window = spec.window;
  const Extents extents{
      dimension == 0 ? input.height : input.width,
      std::int64_t{window.kernel_size[dimension] - 1} * window.dilation_rate[dimension] + 1,
      window.strides[dimension],
      spec.output_padding ? std::optional((*spec.output_padding)[dimension]) : std::nullopt};
  const std::int64_t output = output_extent(extents, window.padding);
  if (output > std::numeric_limits<int>::max() / 4) {
    throw Error(ErrorKind::config, "the output is too large");
  }
  // A kernel of even size needs more than an output padding of 0 to reach the last input.
  if (window.padding == Padding::same &&
      (output + extents.stride - 1) / extents.stride != extents.input) {
    throw Error(ErrorKind::config,
                fmt::format("the output of {0} {1} has too few windows for an input of {0} {2}; "
                            "expected an \"output_padding\" above 0 and below the stride, or null",
                            dimension == 0 ? "height" : "width", output, extents.input));
  }
  return static_cast<int>(output);
}

void check_output_padding(ObjectReader& reader, const Conv2dTransposeSpec& spec) {
  const auto& padding = *spec.output_padding;
  const auto& strides = spec.window.strides;
  if (padding[0] < strides[0] && padding[1] < strides[1]) return;
  reader.problem("output_padding",
                 fmt::format("expected less than the strides, which are {}, found {}",
                             json_text(strides), json_text(padding)));
}

}  // namespace

Window transposed_window(const Shape& input, const Conv2dTransposeSpec& spec) {
  const Shape output{checked_extent(input, spec, 0), checked_extent(input, spec, 1), spec.filters,
                     false, input.channels_first};
  const Window window = make_window(output, spec.window);
  if (window.depth() > std::numeric_limits<int>::max() / input.channels ||
      output.pixels() > static_cast<std::size_t>(std::numeric_limits<int>::max() / spec.filters)) {
    throw Error(ErrorKind::config, "the kernel or the output is too large");
  }
  return window;
}

std::unique_ptr<Layer> Conv2dTransposeSpec::make(const LayerArguments& arguments) const {
  const Shape& input = arguments.image();
  const Window over_output = transposed_window(input, *this);
  const WeightDeclarations where{arguments.layout, arguments.variables, weights};
  ImageMapParts parts{
      std::make_shared<TransposedMap>(over_output, input), activation, arguments.noise, {}, {}};
  parts.kernel =
      declare_kernel(where, {window.kernel_size[0], window.kernel_size[1], filters, input.channels},
                     /*deferred=*/false);
  parts.bias = declare_bias(where, filters);
  return make_image_map_layer(weights.estimator, parts);
}

Conv2dTransposeSpec read_conv2d_transpose(ObjectReader& reader, WeightsKind kind) {
  Conv2dTransposeSpec spec;
  reader.mark([&] {
    spec.filters = static_cast<int>(reader.integer("filters", {.min = 1, .max = kMaxLayerSize}));
    spec.window.kernel_size = read_pair(reader, "kernel_size", std::nullopt);
  });
  read_convolution_window(reader, spec.window);
  reader.optional("output_padding", [&] {
    const auto values = reader.integers("output_padding", 2, {.min = 0, .max = kMaxLayerSize});
    spec.output_padding = {values[0], values[1]};
  });
  if (spec.output_padding && !reader.describing()) check_output_padding(reader, spec);
  spec.activation = read_activation(reader);
  spec.weights = read_weights(reader, kind);
  return spec;
}

}  // namespace bnn
