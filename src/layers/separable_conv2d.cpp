#include "bnn/layers/separable_conv2d.h"

#include "bnn/layers/conv2d.h"
#include "bnn/layers/depthwise_conv2d.h"
#include "bnn/layers/image_map_layer.h"
#include "bnn/layers/layer_pair.h"
#include "bnn/layers/read_options.h"
#include "bnn/layers/read_weights.h"

namespace bnn {

std::unique_ptr<Layer> SeparableConv2dSpec::make(const LayerArguments& arguments) const {
  const Shape& image = arguments.image();
  const DepthwiseGeometry depthwise = depthwise_geometry(image, window, depth_multiplier);
  const WeightDeclarations where{arguments.layout, arguments.variables, weights};
  ImageMapParts parts{depthwise_map(depthwise), Activation::linear, arguments.noise, {}, {}};
  parts.kernel = declare_depthwise_kernel(where, depthwise);
  const Shape between = parts.map->output();

  LayerNoise pointwise_noise = arguments.noise;
  pointwise_noise.kernel = 1;
  const Conv2dGeometry pointwise =
      declare_conv2d({filters, {}, activation, weights}, arguments.variables, pointwise_noise,
                     between, arguments.layout, kPointwiseKernel);
  return std::make_unique<LayerPair>(make_image_map_layer(weights.estimator, parts),
                                     make_conv2d(weights.estimator, pointwise), image);
}

SeparableConv2dSpec read_separable_conv2d(ObjectReader& reader, WeightsKind kind) {
  SeparableConv2dSpec spec;
  reader.mark([&] {
    spec.filters = static_cast<int>(reader.integer("filters", {.min = 1, .max = kMaxLayerSize}));
    spec.window.kernel_size = read_pair(reader, "kernel_size", std::nullopt);
    spec.depth_multiplier = read_depth_multiplier(reader);
  });
  read_convolution_window(reader, spec.window);
  spec.activation = read_activation(reader);
  spec.weights = read_weights(reader, kind, {kDepthwiseKernel, kPointwiseKernel});
  return spec;
}

}  // namespace bnn
