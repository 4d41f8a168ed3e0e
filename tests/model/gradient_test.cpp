// The gradients of the layers with weights against central differences of the naive layers in
// double, with perturbation and signs frozen: input, mean, perturbation and bias, point or sampled.

#include <catch2/catch.hpp>

#include "support/conv_pair.h"
#include "support/layer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

void check_gradients(const MadeLayer& made, const NaiveWindow& w, const std::string& activation) {
  LayerRun run(made, 3);
  check_against_naive(run, naive_weights_layer(w, activation, made.layout, run.naive_pass()));
}

void check_dense(const std::string& type, int inputs, int units, const std::string& activation,
                 const std::string& more = "") {
  INFO(type << " " << inputs << " to " << units << ", " << activation << more);
  const MadeLayer made =
      make_layer_from(dense_text(type, units, activation, more), {flat_shape(inputs)});
  check_gradients(made, {{1, 1, inputs}, units}, activation);
}

void check_conv(const NaiveWindow& w, const std::string& activation) {
  INFO(conv_text("", w, activation) << " on " << to_string(w.input));
  check_gradients(make_layer_from(conv_text("conv2d", w, activation), {w.input}), w, activation);
  for (const std::string& bias : {std::string(), kSampledBias}) {
    const ConvPair pair(w, activation, bias);
    check_gradients(pair.per_example, w, activation);
    check_gradients(pair.two_product, w, activation);
  }
}

}  // namespace

TEST_CASE("convolution gradients match finite differences for every activation") {
  const NaiveWindow w{{3, 4, 2}, 3, {2, 2}, {1, 1}, {1, 1}, Padding::same};
  for (const std::string& activation : activation_names()) check_conv(w, activation);
}

TEST_CASE("convolution gradients match finite differences for all kinds of windows") {
  const NaiveWindow windows[] = {
      {{4, 5, 2}, 2, {1, 1}, {1, 1}},                          // the image as its own im2col matrix
      {{4, 5, 2}, 3, {3, 3}, {1, 1}},                          //
      {{6, 5, 2}, 3, {3, 3}, {2, 2}, {1, 1}, Padding::same},   // pads of (0, 1) and (1, 1)
      {{5, 6, 3}, 2, {2, 3}, {2, 1}, {1, 1}, Padding::same},   //
      {{7, 5, 1}, 2, {2, 1}, {3, 2}},                          // cells that no window covers
      {{6, 5, 2}, 2, {2, 2}, {1, 1}, {2, 3}, Padding::same},   //
      {{6, 6, 1}, 1, {3, 2}, {1, 1}, {2, 2}},                  //
      {{3, 2, 2}, 4, {5, 5}, {1, 1}, {1, 1}, Padding::same}};  // larger than the image
  for (const NaiveWindow& w : windows) check_conv(w, "swish");
}

TEST_CASE("gradients over several tiles are those of the form that needs no tiles") {
  // 24 x 15 x 64 floats a row of the im2col matrix: two rows a tile, the last tile with one.
  const NaiveWindow w{{7, 24, 64}, 2, {3, 5}, {1, 1}, {1, 1}, Padding::same};
  REQUIRE(tile_rows(make_window(w.input, window_spec(w))) == 2);
  const ConvPair pair(w, "gelu", kSampledBias);
  LayerRun tiled(pair.per_example, 2), whole(pair.two_product, 2);
  const auto weights = random_numbers(tiled.forward().size(), 8);
  whole.forward();
  tiled.backward(weights);
  whole.backward(weights);
  CHECK(worst_error(tiled.gradient.span(), to_numbers(whole.gradient.span())) < 1e-5);
  CHECK(worst_error(tiled.input_gradients[0].span(), to_numbers(whole.input_gradients[0].span())) <
        1e-5);
}

TEST_CASE("dense gradients match finite differences for every activation") {
  for (const std::string& activation : activation_names()) {
    check_dense("dense", 5, 4, activation);
    check_dense("dense_flipout", 5, 4, activation);
    check_dense("dense_flipout", 4, 4, activation, kSampledBias);
    check_dense("dense_flipout", 3, 6, activation, R"(, "bias_posterior_fn": null)");
  }
}

TEST_CASE("without a perturbation the mean's gradient is the deterministic layer's") {
  const NaiveWindow w{{4, 4, 2}, 3, {3, 3}, {1, 1}, {1, 1}, Padding::same};
  const ConvPair pair(w, "tanh");
  const MadeLayer dense = make_layer_from(
      R"({"type": "dense_flipout", "units": 3, "activation": "tanh"})", {flat_shape(4)});
  const NaiveWindow one{{1, 1, 4}, 3};
  for (const auto& [made, window] :
       {std::pair{&pair.per_example, &w}, {&pair.two_product, &w}, {&dense, &one}}) {
    LayerRun run(*made, 3);
    run.pass.draws = nullptr;
    run.pass.noise = {};
    check_against_naive(run, naive_weights_layer(*window, "tanh", made->layout, run.naive_pass()));
  }
}
