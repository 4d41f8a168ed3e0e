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
  const LayerSpec layer = read_layer_text(conv_text("conv2d_flipout", w, activation, more));
  const auto& spec = std::get<Conv2dSpec>(layer.options);
  MadeLayer made;
  made.inputs = {w.input};
  made.layer = std::make_unique<Implementation>(
      declare_conv2d(spec, "layer", {kLayerIndex}, w.input, made.layout));
  return made;
}

struct ConvPair {
  ConvPair(const NaiveWindow& w, const std::string& activation, const std::string& more = "")
      : per_example(make_flipout_conv<Conv2dPerExample>(w, activation, more)),
        two_product(make_flipout_conv<Conv2dTwoProduct>(w, activation, more)) {}

  MadeLayer per_example, two_product;
};

}  // namespace bnn::testing
