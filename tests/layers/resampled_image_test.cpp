// Zero padding and upsampling, whose outputs have other rows and columns than their inputs.

#include <algorithm>
#include <cmath>

#include <catch2/catch.hpp>

#include "bnn/layers/upsampling2d.h"
#include "bnn/layers/zero_padding2d.h"
#include "support/layer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

// y[row][column] = pixel(example, row, column, channel) for every number of the output.
template <typename Pixel>
Numbers each_pixel(std::size_t examples, const Shape& output, const Pixel& pixel) {
  Numbers y;
  for (std::size_t b = 0; b < examples; ++b) {
    for (int row = 0; row < output.height; ++row) {
      for (int column = 0; column < output.width; ++column) {
        for (int c = 0; c < output.channels; ++c) y.push_back(pixel(b, row, column, c));
      }
    }
  }
  return y;
}

double pixel_at(const Numbers& x, const Shape& shape, std::size_t b, int row, int column, int c) {
  const int at = (row * shape.width + column) * shape.channels + c;
  return x[b * shape.size() + static_cast<std::size_t>(at)];
}

// The hat function around each pixel's centre, with the image continued by its edges.
double hat_sum(const Numbers& x, const Shape& shape, std::size_t b, double row, double column,
               int c) {
  double sum = 0;
  for (int i = -1; i <= shape.height; ++i) {
    for (int j = -1; j <= shape.width; ++j) {
      const double weight =
          std::max(0.0, 1 - std::abs(row - i)) * std::max(0.0, 1 - std::abs(column - j));
      sum += weight * pixel_at(x, shape, b, std::clamp(i, 0, shape.height - 1),
                               std::clamp(j, 0, shape.width - 1), c);
    }
  }
  return sum;
}

}  // namespace

TEST_CASE("zero padding puts zeros around the image and hands the gradient back") {
  const Shape input{3, 2, 4};
  const struct {
    const char* padding;
    int top, bottom, left, right;
  } cases[] = {{"1", 1, 1, 1, 1},
               {"0", 0, 0, 0, 0},
               {"[2, 3]", 2, 2, 3, 3},
               {"[[1, 2], [3, 0]]", 1, 2, 3, 0},
               {"[[0, 0], [0, 5]]", 0, 0, 0, 5}};
  for (const auto& p : cases) {
    INFO(p.padding);
    const MadeLayer made = make_layer_from(
        R"({"type": "zero_padding2d", "padding": )" + std::string(p.padding) + "}", {input});
    const Shape output{3 + p.top + p.bottom, 2 + p.left + p.right, 4};
    REQUIRE(made.layer->output_shape() == output);
    LayerRun run(made, 3);
    check_against_naive(run, [&](const NaiveState& state) {
      return each_pixel(3, output, [&](std::size_t b, int row, int column, int c) {
        const int y = row - p.top, x = column - p.left;
        const bool inside = y >= 0 && x >= 0 && y < 3 && x < 2;
        return inside ? pixel_at(state.inputs[0], input, b, y, x, c) : 0.0;
      });
    });
  }
}

TEST_CASE("upsampling repeats pixels or mixes neighbours, with the gradient") {
  for (const Shape& input : {Shape{3, 2, 4}, Shape{1, 1, 2}, Shape{2, 5, 1}}) {
    for (const std::array<int, 2> size : {std::array<int, 2>{2, 2}, {1, 3}, {3, 1}, {4, 5}}) {
      for (const bool bilinear : {false, true}) {
        CAPTURE(to_string(input), size[0], size[1], bilinear);
        const MadeLayer made = make_layer_from(
            R"({"type": "upsampling2d")" + pair_text("size", size) + R"(, "interpolation": ")" +
                (bilinear ? "bilinear" : "nearest") + "\"}",
            {input});
        const Shape output{input.height * size[0], input.width * size[1], input.channels};
        REQUIRE(made.layer->output_shape() == output);
        LayerRun run(made, 2);
        check_against_naive(run, [&](const NaiveState& state) {
          return each_pixel(2, output, [&](std::size_t b, int row, int column, int c) {
            const Numbers& x = state.inputs[0];
            if (!bilinear) return pixel_at(x, input, b, row / size[0], column / size[1], c);
            return hat_sum(x, input, b, (row + 0.5) / size[0] - 0.5, (column + 0.5) / size[1] - 0.5,
                           c);
          });
        });
      }
    }
  }
}

// tf.image.resize([[1, 2], [3, 5]], [4, 4]) of TensorFlow 2, whose default is bilinear.
TEST_CASE("bilinear upsampling gives the published numbers") {
  const MadeLayer made =
      make_layer_from(R"({"type": "upsampling2d", "interpolation": "bilinear"})", {{2, 2, 1}});
  LayerRun run(made, 1);
  run.inputs[0] = {1, 2, 3, 5};
  const Numbers expected = {1,   1.25,   1.75,   2,    1.5, 1.8125, 2.4375, 2.75,
                            2.5, 2.9375, 3.8125, 4.25, 3,   3.5,    4.5,    5};
  CHECK(worst_error(run.forward(), expected) < 1e-6);
}

TEST_CASE("paddings and sizes that make no image are refused") {
  using Catch::Matchers::Contains;
  for (const std::string padding : {"-1", "1.5", "[1]", "[1, 2, 3]", "[[1, 2], [3, -4]]", "null",
                                    "\"same\"", "[[1, 2], 3]", "[[[1, 1], 1], [1, 1]]"}) {
    CHECK_THROWS_WITH(
        make_layer_from(R"({"type": "zero_padding2d", "padding": )" + padding + "}", {{3, 2, 4}}),
        Contains("/padding: expected a whole number from 0 to"));
  }
  CHECK_THROWS_WITH(
      make_layer_from(R"({"type": "zero_padding2d", "padding": 1000000})", {{3, 2, 4}}),
      Contains("2000003 x 2000002 x 4, is too large"));
  CHECK_THROWS_WITH(make_layer_from(R"({"type": "upsampling2d", "size": 2147483647})", {{8, 8, 3}}),
                    Contains("is too large"));
  for (const char* type : {"zero_padding2d", "upsampling2d"}) {
    CHECK_THROWS_WITH(make_layer_from("{\"type\": \"" + std::string(type) + "\"}", {flat_shape(4)}),
                      Contains("reads an image"));
  }
}
