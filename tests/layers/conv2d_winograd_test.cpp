// The convolution in Winograd's form against the naive one, against central differences, and
// against the form that gives each example its kernel.

#include "bnn/layers/conv2d_winograd.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "support/conv_pair.h"
#include "support/layer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

NaiveWindow window_of(const Shape& input, int filters, Padding padding = Padding::same,
                      int taps = 3) {
  return {input, filters, {taps, taps}, {1, 1}, {1, 1}, padding};
}

std::string layer_text(const std::string& estimator) {
  return R"(, "estimator": ")" + estimator + "\"" + kSampledBias;
}

void check_same(const NaiveWindow& w, const std::string& activation, int examples,
                const std::string& more = kSampledBias) {
  INFO(conv_text("", w, activation)
       << " on " << to_string(w.input) << ", " << examples << " examples" << more);
  const MadeLayer winograd = make_flipout_conv<Conv2dWinograd>(w, activation, more);
  const MadeLayer direct = make_flipout_conv<Conv2dPerExample>(w, activation, more);
  check_same_function(winograd, direct, examples);
}

void check_estimators(const NaiveWindow& w, const std::string& activation) {
  for (const auto& [name, estimator] :
       {std::pair{"flipout", NaiveEstimator::flipout},
        {"reparameterization", NaiveEstimator::reparameterization}}) {
    const MadeLayer made = make_flipout_conv<Conv2dWinograd>(w, activation, layer_text(name));
    LayerRun run(made, 2);
    check_against_naive(
        run, naive_weights_layer(w, activation, made.layout, run.naive_pass(), estimator));
  }
}

}  // namespace

TEST_CASE("Winograd's form is chosen for flipout, shared and deterministic kernels") {
  const auto is_winograd = [](const std::string& type, const NaiveWindow& w,
                              const std::string& more = "") {
    const MadeLayer made = make_layer_from(conv_text(type, w, "relu", more), {w.input});
    return dynamic_cast<const Conv2dWinograd*>(made.layer.get()) != nullptr;
  };
  const NaiveWindow w = window_of({8, 8, 16}, 8);
  CHECK(is_winograd("conv2d", w));
  CHECK(is_winograd("conv2d_flipout", w));
  CHECK(is_winograd("conv2d_flipout", w, R"(, "estimator": "reparameterization")"));
  CHECK(!is_winograd("conv2d_flipout", w, R"(, "estimator": "independent")"));
  CHECK(!is_winograd("conv2d_flipout", w, R"(, "estimator": "local_reparameterization")"));
  CHECK(!is_winograd("conv2d", window_of({8, 8, 12}, 8)));
  CHECK(!is_winograd("conv2d", window_of({8, 8, 16}, 10)));
  CHECK(!is_winograd("conv2d_flipout", window_of({3, 3, 16}, 8)));  // two products
  CHECK(!is_winograd("conv2d", window_of({3, 3, 16}, 8)));
  CHECK(is_winograd("conv2d_flipout", window_of({8, 8, 16}, 8, Padding::same, 5)));
  CHECK(is_winograd("conv2d", window_of({8, 8, 136}, 128)));  // too much for large tiles
  CHECK(!is_winograd("conv2d", window_of({8, 8, 136}, 128, Padding::same, 5)));
  CHECK(!is_winograd("conv2d_flipout", window_of({8, 8, 16}, 8, Padding::same, 7)));
  NaiveWindow strided = w;
  strided.strides = {2, 2};
  CHECK(!is_winograd("conv2d", strided));
}

TEST_CASE("Winograd's form computes the convolution and its gradients for every activation") {
  for (const std::string& activation : activation_names()) {
    INFO(activation);
    check_estimators(window_of({4, 3, 8}, 8), activation);
  }
  check_estimators(window_of({3, 4, 8}, 8, Padding::same, 5), "gelu");
}

TEST_CASE("Winograd's form equals the other one at all edges of images") {
  for (const Padding padding : {Padding::valid, Padding::same}) {
    for (const int height : {3, 4, 5, 8}) {
      for (const int width : {3, 6, 7}) {
        check_same(window_of({height, width, 8}, 16, padding), "swish", 2);
        if (padding == Padding::valid && std::min(height, width) < 5) continue;
        check_same(window_of({height, width, 8}, 16, padding, 5), "swish", 2);
      }
    }
  }
}

TEST_CASE("Winograd's form works on bands of large images and on groups of small ones") {
  // 36 positions of 21 tiles of 72 floats a row of tiles: bands of nine rows, and three.
  check_same(window_of({81, 81, 8}, 64), "gelu", 2);
  check_same(window_of({3, 800, 8}, 128), "relu", 2);  // a row of tiles is more than a group holds
  check_same(window_of({4, 4, 8}, 8), "relu", 66);     // 64 examples are the largest group
  // 9 tiles of 64 floats at 36 positions: 25 examples a group.
  for (const int examples : {1, 24, 25, 26, 51}) {
    check_same(window_of({12, 12, 32}, 32), "relu", examples);
  }
  check_same(window_of({12, 12, 32}, 32), "relu", 27, layer_text("reparameterization"));
}

TEST_CASE("without a perturbation Winograd's form is the convolution with the means") {
  const NaiveWindow w = window_of({5, 6, 8}, 8);
  const MadeLayer made = make_flipout_conv<Conv2dWinograd>(w, "tanh");
  LayerRun run(made, 3);
  run.pass.draws = nullptr;
  run.pass.noise = {};  // no streams are drawn from
  check_against_naive(run, naive_weights_layer(w, "tanh", made.layout, run.naive_pass()));
}

TEST_CASE("an example of a group gets the output it gets alone, to the bit") {
  const NaiveWindow w = window_of({6, 6, 8}, 8);
  const MadeLayer made = make_flipout_conv<Conv2dWinograd>(w, "relu");
  LayerRun shard(made, 3), alone(made, 1);
  const std::size_t in = w.input.size(), out = w.pixels() * 8;
  std::copy_n(shard.inputs[0].begin() + static_cast<std::ptrdiff_t>(2 * in), in,
              alone.inputs[0].begin());
  alone.noise_examples[0] = shard.noise_examples[2];
  const auto together = shard.forward().subspan(2 * out, out);
  const auto single = alone.forward();
  CHECK(std::equal(single.begin(), single.end(), together.begin(), together.end()));
}

TEST_CASE("Winograd's form adds to its gradient and counts what it multiplies") {
  const NaiveWindow w = window_of({5, 6, 8}, 8);
  const MadeLayer made = make_flipout_conv<Conv2dWinograd>(w, "tanh");
  CHECK(made.layer->multiply_adds() == 16.0 * 9 * 64);
  LayerRun run(made, 2);
  const auto weights = random_numbers(run.forward().size(), 8);
  run.backward(weights);
  Numbers twice = to_numbers(run.gradient.span());
  for (double& g : twice) g *= 2;
  run.backward(weights, /*wants_input_gradients=*/false);
  CHECK(worst_error(run.gradient.span(), twice) < 1e-5);
}
