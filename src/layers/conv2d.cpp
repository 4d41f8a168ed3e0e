#include "bnn/layers/conv2d.h"

#include <limits>

#include "bnn/core/error.h"
#include "bnn/layers/conv2d_local.h"
#include "bnn/layers/conv2d_per_example.h"
#include "bnn/layers/conv2d_two_product.h"
#include "bnn/layers/conv2d_winograd.h"
#include "bnn/layers/read_options.h"
#include "bnn/layers/read_weights.h"

namespace bnn {
namespace {

// Below this many output pixels, passes over the kernel for every example cost more than a second
// product over all of them. Measured forward and backward: a kernel for each example takes, with 16
// pixels, 0.7 of the time of two products (5x5, 32 to 64 channels, by im2col) or 0.6 (3x3, 128 to
// 128, in Winograd's form), with 9 pixels the same time, with 4 pixels 1.6 times as long. In
// Winograd's form so few pixels do not pay for shared kernels either: most of its tiles are cut
// off.
constexpr int kMinPixelsPerExample = 12;

}  // namespace

Conv2dGeometry declare_conv2d(const Conv2dSpec& spec, const std::string& name,
                              const LayerNoise& noise, const Shape& input, ParameterLayout& layout,
                              const std::string& tensor) {
  const Window window = make_window(input, spec.window);
  if (window.depth() > std::numeric_limits<int>::max() / spec.filters ||
      window.pixels() > std::numeric_limits<int>::max() / spec.filters) {
    throw Error(ErrorKind::config, "the kernel or the output is too large");
  }
  const WeightDeclarations where{layout, name, spec.weights};
  const Shape output{window.output_height, window.output_width, spec.filters, false,
                     input.channels_first};
  Conv2dGeometry geometry{window, spec.filters, spec.activation, output, noise, {}, {}};
  geometry.kernel = declare_kernel(
      where, {window.kernel_size[0], window.kernel_size[1], input.channels, spec.filters},
      /*deferred=*/false, tensor);
  geometry.bias = declare_bias(where, spec.filters);
  return geometry;
}

std::unique_ptr<Layer> Conv2dSpec::make(const LayerArguments& arguments) const {
  return make_conv2d(weights.estimator, declare_conv2d(*this, arguments.variables, arguments.noise,
                                                       arguments.image(), arguments.layout));
}

std::unique_ptr<Layer> make_conv2d(Estimator estimator, const Conv2dGeometry& geometry) {
  if (geometry.kernel.draw == Draw::scale && estimator == Estimator::local_reparameterization) {
    return std::make_unique<Conv2dLocal>(geometry);
  }
  const bool has_few_pixels = geometry.window.pixels() < kMinPixelsPerExample;
  if (has_few_pixels && geometry.kernel.draw == Draw::perturbation) {
    return std::make_unique<Conv2dTwoProduct>(geometry);
  }
  if (!has_few_pixels && Conv2dWinograd::fits(geometry)) {
    return std::make_unique<Conv2dWinograd>(geometry);
  }
  return std::make_unique<Conv2dPerExample>(geometry);
}

Conv2dSpec read_conv2d(ObjectReader& reader, WeightsKind kind) {
  Conv2dSpec spec;
  reader.mark([&] {
    spec.filters = static_cast<int>(reader.integer("filters", {.min = 1, .max = kMaxLayerSize}));
    spec.window.kernel_size = read_pair(reader, "kernel_size", std::nullopt);
  });
  read_convolution_window(reader, spec.window);
  spec.activation = read_activation(reader);
  spec.weights = read_weights(reader, kind);
  return spec;
}

}  // namespace bnn
