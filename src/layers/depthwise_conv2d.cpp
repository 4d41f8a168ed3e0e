#include "bnn/layers/depthwise_conv2d.h"

#include <limits>

#include "bnn/core/error.h"
#include "bnn/layers/image_map_layer.h"
#include "bnn/layers/read_options.h"
#include "bnn/layers/read_weights.h"
#include "bnn/math/depthwise.h"

namespace bnn {
namespace {

class DepthwiseMap final : public ImageMap {
 public:
  explicit DepthwiseMap(const DepthwiseGeometry& geometry)
      : window_(geometry.window), multiplier_(geometry.multiplier) {
    window_.input.channels = geometry.outputs();
  }

  Shape input() const override {
    Shape shape = window_.input;
    shape.channels /= multiplier_;
    return shape;
  }
  Shape output() const override {
    return {window_.output_height, window_.output_width, window_.input.channels, false,
            window_.input.channels_first};
  }
  double multiply_adds() const override {
    return static_cast<double>(window_.pixels()) * window_.depth();
  }
  /// The image with repeated channels.
  std::size_t memory_size() const override { return multiplier_ == 1 ? 0 : window_.input.size(); }

  void apply(const float* image, const float* kernel, float* output,
             const MapMemory& lent) const override {
    depthwise(window_, repeated(image, lent), kernel, output);
  }
  void add_kernel_gradient(const float* image, const float* output_gradient, float* gradient,
                           const MapMemory& lent) const override {
    add_depthwise_kernel_gradient(window_, repeated(image, lent), output_gradient, gradient);
  }
  void image_gradient(const float* output_gradient, const float* kernel, float* image_gradient,
                      const MapMemory& lent) const override {
    float* target = multiplier_ == 1 ? image_gradient : lent.memory;
    depthwise_image_gradient(window_, output_gradient, kernel, target);
    if (multiplier_ == 1) return;
    sum_repeated_channels(target, input().size(), multiplier_, image_gradient);
  }

  void spread_signs(std::span<const float> s, std::span<const float> r,
                    std::span<float> signs) const override {
    const auto multiplier = static_cast<std::size_t>(multiplier_);
    for (std::size_t i = 0; i < signs.size(); ++i) {
      const std::size_t output = i % r.size();
      signs[i] = s[output / multiplier] * r[output];
    }
  }

 private:
  const float* repeated(const float* image, const MapMemory& lent) const {
    if (multiplier_ == 1) return image;
    repeat_channels(image, input().size(), multiplier_, lent.memory);
    return lent.memory;
  }

  Window window_;  // over the image with repeated channels
  int multiplier_;
};

}  // namespace

DepthwiseGeometry depthwise_geometry(const Shape& input, const WindowSpec& window, int multiplier) {
  if (multiplier > std::numeric_limits<int>::max() / input.channels ||
      input.pixels() > static_cast<std::size_t>(std::numeric_limits<int>::max() /
                                                (input.channels * multiplier))) {
    throw Error(ErrorKind::config, "the kernel or the output is too large");
  }
  const DepthwiseGeometry geometry{make_window(input, window), multiplier};
  if (geometry.window.taps() > std::numeric_limits<int>::max() / geometry.outputs() ||
      geometry.window.pixels() > std::numeric_limits<int>::max() / geometry.outputs()) {
    throw Error(ErrorKind::config, "the kernel or the output is too large");
  }
  return geometry;
}

std::shared_ptr<const ImageMap> depthwise_map(const DepthwiseGeometry& geometry) {
  return std::make_shared<DepthwiseMap>(geometry);
}

WeightTensor declare_depthwise_kernel(const WeightDeclarations& where,
                                      const DepthwiseGeometry& geometry) {
  const auto& size = geometry.window.kernel_size;
  return declare_kernel(where,
                        {size[0], size[1], geometry.window.input.channels, geometry.multiplier},
                        /*deferred=*/false, kDepthwiseKernel);
}

std::unique_ptr<Layer> DepthwiseConv2dSpec::make(const LayerArguments& arguments) const {
  const DepthwiseGeometry geometry =
      depthwise_geometry(arguments.image(), window, depth_multiplier);
  const WeightDeclarations where{arguments.layout, arguments.variables, weights};
  ImageMapParts parts{depthwise_map(geometry), activation, arguments.noise, {}, {}};
  parts.kernel = declare_depthwise_kernel(where, geometry);
  parts.bias = declare_bias(where, geometry.outputs());
  return make_image_map_layer(weights.estimator, parts);
}

DepthwiseConv2dSpec read_depthwise_conv2d(ObjectReader& reader, WeightsKind kind) {
  DepthwiseConv2dSpec spec;
  reader.mark([&] {
    spec.window.kernel_size = read_pair(reader, "kernel_size", std::nullopt);
    spec.depth_multiplier = read_depth_multiplier(reader);
  });
  read_convolution_window(reader, spec.window);
  spec.activation = read_activation(reader);
  spec.weights = read_weights(reader, kind, {kDepthwiseKernel});
  return spec;
}

}  // namespace bnn
