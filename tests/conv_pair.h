#pragma once
// One flipout convolution made both ways, whatever its size.

#include <memory>
#include <string>
#include <variant>

#include "bnn/layers/conv2d.h"
#include "layer_fixture.h"

namespace bnn::testing {

template <typename Implementation>
MadeLayer make_flipout_conv(const NaiveWindow& w, const std::string& activation,
                            const std::string& more = "") {
  const std::string name = "layer";
  const LayerSpec layer = read_layer_text(conv_text("conv2d_flipout", w, activation, more));
  const auto& spec = std::get<Conv2dSpec>(layer.options);
  MadeLayer made;
  made.inputs = {w.input};
  const WeightDeclarations where{made.layout, name, spec.weights};
  Conv2dGeometry geometry{
      make_window(w.input, spec.window), spec.filters, spec.activation, kLayerIndex, {}, {}};
  geometry.kernel = declare_kernel(where, {w.kernel[0], w.kernel[1], w.input.channels, w.filters},
                                   /*deferred=*/false);
  geometry.bias = declare_bias(where, w.filters);
  made.layer = std::make_unique<Implementation>(geometry);
  return made;
}

struct ConvPair {
  ConvPair(const NaiveWindow& w, const std::string& activation, const std::string& more = "")
      : per_example(make_flipout_conv<Conv2dPerExample>(w, activation, more)),
        two_product(make_flipout_conv<Conv2dTwoProduct>(w, activation, more)) {}

  MadeLayer per_example, two_product;
};

}  // namespace bnn::testing
