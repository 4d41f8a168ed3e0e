#include "bnn/layers/conv2d.h"

#include <catch2/catch.hpp>

#include "support/conv_pair.h"
#include "support/layer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

void check_forward(const NaiveWindow& w, const std::string& json, int examples,
                   const std::string& activation = "linear") {
  INFO(json << " on " << to_string(w.input));
  const MadeLayer made = make_layer_from(json, {w.input});
  const Shape expected{w.rows().output, w.columns().output, w.filters, false};
  REQUIRE(made.layer->output_shape() == expected);
  LayerRun run(made, examples);
  const NaiveLayer naive = naive_weights_layer(w, activation, made.layout, run.naive_pass());
  CHECK(worst_error(run.forward(), naive(run.naive_state())) < 1e-5);
}

NaiveWindow same_window(const Shape& input, int filters, int kernel) {
  return {input, filters, {kernel, kernel}, {1, 1}, {1, 1}, Padding::same};
}

}  // namespace

TEST_CASE("conv2d equals the naive convolution over a grid of geometries") {
  for (NaiveWindow w : window_grid()) {
    for (const int channels : {1, 3, 8}) {
      for (const int filters : {1, 5, 16}) {
        w.input.channels = channels;
        w.filters = filters;
        if (w.pixels() > 0) {
          check_forward(w, conv_text("conv2d", w), 2);
        } else {
          CHECK_THROWS_AS(make_layer_from(conv_text("conv2d", w), {w.input}), Error);
        }
      }
    }
  }
}

TEST_CASE("conv2d_flipout equals its formula over a grid of geometries") {
  for (NaiveWindow w : window_grid()) {
    w.input.channels = w.kernel[0] == 3 ? 8 : 3;
    w.filters = w.kernel[1] == 3 ? 8 : 5;
    if (w.pixels() > 0) check_forward(w, conv_text("conv2d_flipout", w, "linear", kSampledBias), 3);
  }
}

TEST_CASE("a 3x3 kernel with stride 2 pads an even image after its end only") {
  NaiveWindow w = same_window({32, 32, 3}, 4, 3);
  w.strides = {2, 2};
  check_forward(w, conv_text("conv2d", w), 1);
  check_forward(w, conv_text("conv2d_flipout", w), 2);
  // On ones, with a kernel of ones, outputs count cells: full at the top left, cut at the end.
  NaiveWindow one = w;
  one.input = {32, 32, 1};
  one.filters = 1;
  const MadeLayer made = make_layer_from(
      conv_text("conv2d", one, "linear",
                R"(, "use_bias": false, "kernel_initializer": {"type": "constant", "value": 1})"),
      {one.input});
  LayerRun run(made, 1);
  run.parameters.assign(run.parameters.size(), 1.0f);
  run.inputs[0].assign(run.inputs[0].size(), 1.0f);
  const auto y = run.forward();
  CHECK(y[0] == 9.0f);
  CHECK(y[15] == 6.0f);
  CHECK(y[15 * 16] == 6.0f);
  CHECK(y[15 * 16 + 15] == 4.0f);
}

TEST_CASE("an image of several tiles gives what one of a single tile gives") {
  // 30 x 9 x 40 floats a row of the im2col matrix: six rows a tile, two tiles and a rest.
  NaiveWindow w = same_window({14, 30, 40}, 4, 3);
  REQUIRE(tile_rows(make_window(w.input, window_spec(w))) == 6);
  check_forward(w, conv_text("conv2d", w, "gelu"), 2, "gelu");
  check_forward(w, conv_text("conv2d_flipout", w, "gelu"), 2, "gelu");
}

TEST_CASE("both ways to compute a flipout convolution give one function") {
  const std::string activations[] = {"linear", "relu", "gelu", "swish"};
  std::size_t turn = 0;
  for (NaiveWindow w : window_grid()) {
    w.input.channels = 3;
    w.filters = turn % 2 == 0 ? 5 : 3;
    const std::string activation = activations[turn++ % 4];
    if (w.pixels() == 0) continue;
    const ConvPair pair(w, activation);
    INFO(conv_text("", w, activation) << " on " << to_string(w.input));
    check_same_function(pair.per_example, pair.two_product, 3);
  }
}

TEST_CASE("the two products work on groups of examples and on what is left of them") {
  // 25 x 9 x 64 floats an image: four examples a group.
  const NaiveWindow w = same_window({5, 5, 64}, 6, 3);
  const ConvPair pair(w, "swish");
  for (const int examples : {1, 3, 4, 5, 9}) {
    INFO(examples << " examples");
    check_same_function(pair.per_example, pair.two_product, examples);
  }
}

TEST_CASE("the shapes alone choose how a flipout convolution is computed") {
  const auto is_two_product = [](const std::string& type, const Shape& input) {
    const NaiveWindow w = same_window(input, 8, 3);
    const MadeLayer made = make_layer_from(conv_text(type, w), {input});
    return dynamic_cast<const Conv2dTwoProduct*>(made.layer.get()) != nullptr;
  };
  CHECK(is_two_product("conv2d_flipout", {3, 3, 12}));
  CHECK(!is_two_product("conv2d_flipout", {4, 3, 12}));
  CHECK(!is_two_product("conv2d", {3, 3, 12}));
}

TEST_CASE("without a perturbation a flipout convolution is the convolution with its means") {
  for (const Shape& input : {Shape{4, 5, 3}, Shape{9, 8, 3}}) {
    const NaiveWindow w = same_window(input, 4, 3);
    const ConvPair pair(w, "relu", kSampledBias);
    for (const MadeLayer* made : {&pair.per_example, &pair.two_product}) {
      LayerRun run(*made, 2);
      run.pass.draws = nullptr;
      run.pass.noise = {};  // no streams are drawn from
      const NaiveLayer naive =
          naive_weights_layer(w, "relu", made->layout, {.noise = {}, .noisy = false});
      CHECK(worst_error(run.forward(), naive(run.naive_state())) < 1e-5);
      LayerRun noisy(*made, 2);
      CHECK(worst_error(noisy.forward(), naive(run.naive_state())) > 0.1);
    }
  }
}

TEST_CASE("an example's output depends on its name in the stream, not on its place") {
  const NaiveWindow w = same_window({5, 4, 3}, 4, 3);
  const ConvPair pair(w, "relu");
  for (const MadeLayer* made : {&pair.per_example, &pair.two_product}) {
    LayerRun shard(*made, 3), alone(*made, 1);
    const std::size_t in = w.input.size(), out = w.pixels() * 4;
    std::copy_n(shard.inputs[0].begin() + static_cast<std::ptrdiff_t>(2 * in), in,
                alone.inputs[0].begin());
    alone.noise_examples[0] = shard.noise_examples[2];
    const auto together = shard.forward().subspan(2 * out, out);
    CHECK(worst_error(alone.forward(), to_numbers(together)) < 1e-6);
    ++alone.noise_examples[0];
    CHECK(worst_error(alone.forward(), to_numbers(together)) > 0.1);
  }
}

TEST_CASE("a convolution leaves unwanted input gradients alone and adds to its own gradient") {
  const NaiveWindow w = same_window({5, 6, 3}, 4, 3);
  const ConvPair pair(w, "tanh", kSampledBias);
  const MadeLayer plain = make_layer_from(conv_text("conv2d", w, "tanh"), {w.input});
  for (const MadeLayer* made : {&pair.per_example, &pair.two_product, &plain}) {
    LayerRun run(*made, 2);
    const auto weights = random_numbers(run.forward().size(), 8);
    run.backward(weights);
    Numbers twice = to_numbers(run.gradient.span());
    for (double& g : twice) g *= 2;
    run.backward(weights, /*wants_input_gradients=*/false);
    CHECK(worst_error(run.gradient.span(), twice) < 1e-5);
  }
}

TEST_CASE("multiply-adds count one product, or two where two are made") {
  const NaiveWindow w = same_window({4, 5, 3}, 7, 3);
  const ConvPair pair(w, "linear");
  CHECK(pair.per_example.layer->multiply_adds() == 20.0 * 27 * 7);
  CHECK(pair.two_product.layer->multiply_adds() == 2 * 20.0 * 27 * 7);
}
