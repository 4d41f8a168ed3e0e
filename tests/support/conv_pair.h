#pragma once
// One flipout convolution made both ways, whatever its size.

#include <memory>
#include <string>
#include <variant>

#include "bnn/layers/conv2d_per_example.h"
#include "bnn/layers/conv2d_two_product.h"
#include "support/layer_fixture.h"

namespace bnn::testing {

template <typename Implementation>
MadeLayer make_flipout_conv(const NaiveWindow& w, const std::string& activation,
                            const std::string& more = "") {
  const LayerSpec layer = read_layer_text(conv_text("conv2d_flipout", w, activation, more));
  const auto& spec = *layer.options.get_if<Conv2dSpec>();
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

/// Two forms of one layer: the same outputs and the same gradients.
inline void check_same_function(const MadeLayer& first, const MadeLayer& second, int examples) {
  LayerRun one(first, examples), two(second, examples);
  CHECK(worst_error(one.forward(), to_numbers(two.forward())) < 1e-5);
  const auto weights = random_numbers(one.output.span().size(), 8);
  one.backward(weights);
  two.backward(weights);
  CHECK(worst_error(one.gradient.span(), to_numbers(two.gradient.span())) < 1e-5);
  CHECK(worst_error(one.input_gradients[0].span(), to_numbers(two.input_gradients[0].span())) <
        1e-5);
}

}  // namespace bnn::testing
