#include "bnn/layers/pool2d.h"

#include <catch2/catch.hpp>

#include "support/layer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

std::string pool_text(const std::string& type, const NaiveWindow& w) {
  return "{\"type\": \"" + type + "\"" + pair_text("pool_size", w.kernel) +
         pair_text("strides", w.strides) + ", \"padding\": \"" +
         (w.padding == Padding::same ? "same" : "valid") + "\"}";
}

NaiveLayer naive_pool_layer(const NaiveWindow& w, bool maximum) {
  return [=](const NaiveState& state) {
    Numbers outputs;
    for (std::size_t at = 0; at < state.inputs[0].size(); at += w.input.size()) {
      const Numbers y = naive_pool(w, maximum, state.inputs[0].data() + at);
      outputs.insert(outputs.end(), y.begin(), y.end());
    }
    return outputs;
  };
}

// One image of one channel through a pooling layer; the loss weighs outputs by 1, 2, 3, …
struct OnePool {
  OnePool(const std::string& type, const NaiveWindow& w, const std::vector<float>& image)
      : made(make_layer_from(pool_text(type, w), {w.input})), run(made, 1) {
    run.inputs[0] = image;
    const auto y = run.forward();
    output.assign(y.begin(), y.end());
    std::vector<float> weights(y.size());
    std::iota(weights.begin(), weights.end(), 1.0f);
    run.backward(weights);
    const auto dx = run.input_gradients[0].span();
    input_gradient.assign(dx.begin(), dx.end());
  }

  MadeLayer made;
  LayerRun run;
  std::vector<float> output = {}, input_gradient = {};
};

const NaiveWindow kSame3x3{{3, 3, 1}, 1, {2, 2}, {2, 2}, {1, 1}, Padding::same};

}  // namespace

TEST_CASE("max pooling takes each window's largest number and its gradient goes there") {
  const NaiveWindow w{{4, 4, 1}, 1, {2, 2}, {2, 2}};
  const OnePool pool("max_pooling2d", w,
                     {1, 5, 2, 0,       //
                      3, 4, 9, -1,      //
                      -8, -7, 0, 0.5f,  //
                      -6, -9, 0, 0});
  CHECK(pool.output == std::vector<float>{5, 9, -6, 0.5f});
  CHECK(pool.input_gradient == std::vector<float>{0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 4, 3, 0, 0, 0});
}

TEST_CASE("of several largest numbers the first in row-major order gets the gradient") {
  const NaiveWindow w{{2, 3, 1}, 1, {2, 2}, {1, 1}};
  const OnePool pool("max_pooling2d", w, {1, 7, 7, 7, 7, 0});
  CHECK(pool.output == std::vector<float>{7, 7});
  // Both windows hold the 7 at (0, 1): the first sees it before (1, 0), the second before (0, 2).
  CHECK(pool.input_gradient == std::vector<float>{0, 3, 0, 0, 0, 0});
  const OnePool constant("max_pooling2d", {{2, 2, 1}, 1, {2, 2}, {2, 2}}, {4, 4, 4, 4});
  CHECK(constant.input_gradient == std::vector<float>{1, 0, 0, 0});
}

TEST_CASE("padding never wins a maximum") {
  const OnePool pool("max_pooling2d", kSame3x3, {-1, -2, -3, -4, -5, -6, -7, -8, -9});
  CHECK(pool.output == std::vector<float>{-1, -3, -7, -9});
}

TEST_CASE("average pooling divides by the cells inside the image") {
  const OnePool pool("average_pooling2d", kSame3x3, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  CHECK(pool.output == std::vector<float>{3, 4.5f, 7.5f, 9});
  CHECK(pool.input_gradient == std::vector<float>{0.25f, 0.25f, 1, 0.25f, 0.25f, 1, 1.5f, 1.5f, 4});
}

TEST_CASE("a NaN reaches the output of either pooling") {
  const NaiveWindow w{{2, 2, 1}, 1, {2, 2}, {2, 2}};
  for (std::size_t place = 0; place < 4; ++place) {
    std::vector<float> image = {1, 2, 3, 4};
    image[place] = kUnset;
    CHECK(std::isnan(OnePool("max_pooling2d", w, image).output[0]));
    CHECK(std::isnan(OnePool("average_pooling2d", w, image).output[0]));
  }
}

TEST_CASE("pooling and its gradient equal the naive loops over a grid of geometries") {
  for (NaiveWindow w : window_grid()) {
    if (w.dilation != std::array<int, 2>{1, 1} || w.pixels() == 0) continue;
    w.input.channels = 3;
    for (const std::string type : {"max_pooling2d", "average_pooling2d"}) {
      INFO(pool_text(type, w) << " on " << to_string(w.input));
      const MadeLayer made = make_layer_from(pool_text(type, w), {w.input});
      const Shape expected{w.rows().output, w.columns().output, 3, false};
      REQUIRE(made.layer->output_shape() == expected);
      LayerRun run(made, 2);
      check_against_naive(run, naive_pool_layer(w, type == "max_pooling2d"));
    }
  }
}

TEST_CASE("every channel of a 2x2 maximum is pooled as if it were alone, ties included") {
  const NaiveWindow alone{{4, 6, 1}, 1, {2, 2}, {2, 2}};
  for (const int channels : {1, 3, 4, 5, 8, 11, 16, 21, 35}) {
    INFO(channels << " channels");
    NaiveWindow w = alone;
    w.input.channels = channels;
    const auto stride = static_cast<std::size_t>(channels);
    std::vector<float> image = random_numbers(w.input.size(), 5);
    for (float& x : image) x = std::round(x);  // so that many are equal
    const MadeLayer made = make_layer_from(pool_text("max_pooling2d", w), {w.input});
    LayerRun run(made, 1);
    run.inputs[0] = image;
    const auto y = run.forward();
    std::vector<float> weights(y.size());
    for (std::size_t i = 0; i < y.size(); ++i) weights[i] = static_cast<float>(i / stride + 1);
    run.backward(weights);
    for (std::size_t c = 0; c < stride; ++c) {
      const auto channel = [&](std::span<const float> all) {
        std::vector<float> values;
        for (std::size_t i = c; i < all.size(); i += stride) values.push_back(all[i]);
        return values;
      };
      const OnePool expected("max_pooling2d", alone, channel(image));
      CHECK(channel(y) == expected.output);
      CHECK(channel(run.input_gradients[0].span()) == expected.input_gradient);
    }
  }
}

TEST_CASE("global average pooling is the mean over all pixels of each channel") {
  const Shape input{3, 5, 4};
  const MadeLayer made = make_layer_from(R"({"type": "global_average_pooling2d"})", {input});
  CHECK(made.layer->output_shape() == flat_shape(4));
  LayerRun run(made, 3);
  check_against_naive(run, naive_pool_layer({input, 1, {3, 5}}, /*maximum=*/false));
}

TEST_CASE("pooling leaves unwanted input gradients alone") {
  const NaiveWindow w{{4, 4, 2}, 1, {2, 2}, {2, 2}};
  for (const std::string& text : {pool_text("max_pooling2d", w), pool_text("average_pooling2d", w),
                                  std::string(R"({"type": "global_average_pooling2d"})")}) {
    const MadeLayer made = make_layer_from(text, {w.input});
    LayerRun run(made, 1);
    run.backward(random_numbers(run.forward().size(), 3), /*wants_input_gradients=*/false);
    CHECK(std::isnan(run.input_gradients[0].span()[0]));
  }
}
