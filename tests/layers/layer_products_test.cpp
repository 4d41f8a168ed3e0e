// Layers multiply by own products or by OpenBLAS's (products.h). Both ways are those of the
// formula; here they are compared with each other.

#include <catch2/catch.hpp>

#include "support/layer_fixture.h"

namespace bnn::testing {
namespace {

struct Case {
  std::string config;
  Shape input;
};

NaiveWindow square(int kernel, int filters, Padding padding = Padding::same) {
  NaiveWindow window;
  window.filters = filters;
  window.kernel = {kernel, kernel};
  window.padding = padding;
  return window;
}

// Every form of a convolution, and dense layers.
std::vector<Case> cases() {
  std::vector<Case> list;
  for (const std::string type : {"conv2d", "conv2d_flipout"}) {
    list.push_back({conv_text(type, square(5, 6), "relu"), {9, 9, 3}});
    list.push_back({conv_text(type, square(3, 16), "tanh"), {7, 7, 8}});   // F(2x2, 3x3)
    list.push_back({conv_text(type, square(3, 16), "relu"), {12, 8, 8}});  // F(4x4, 3x3)
    list.push_back({conv_text(type, square(5, 16), "tanh"), {7, 8, 8}});   // F(2x2, 5x5)
    list.push_back({conv_text(type, square(3, 8), "relu"), {3, 3, 8}});    // two products
    list.push_back({conv_text(type, square(1, 10), "linear"), {6, 6, 12}});
  }
  for (const std::string& estimator : kEstimators) {
    list.push_back(
        {conv_text("conv2d_flipout", square(3, 8), "relu", estimator_key(estimator)), {8, 8, 8}});
    list.push_back(
        {dense_text("dense_flipout", 33, "relu", estimator_key(estimator)), flat_shape(40)});
    for (const std::string type : {"conv2d_transpose_flipout", "separable_conv2d_flipout"}) {
      list.push_back({conv_text(type, square(3, 8), "relu", estimator_key(estimator)), {8, 9, 8}});
    }
  }
  list.push_back({dense_text("dense", 10), flat_shape(300)});
  return list;
}

// Output, gradient of the parameters and of the input.
std::vector<std::vector<float>> results(const MadeLayer& made, ProductsKind kind) {
  LayerRun run(made, 5);
  run.pass.products = Products(kind);
  const auto copy = [](std::span<const float> numbers) {
    return std::vector<float>(numbers.begin(), numbers.end());
  };
  std::vector<std::vector<float>> list = {copy(run.forward())};
  run.backward(random_numbers(run.output.span().size(), 7));
  list.push_back(copy(run.gradient.span()));
  list.push_back(copy(run.input_gradients[0].span()));
  return list;
}

}  // namespace

TEST_CASE("layers compute the same by own products and by OpenBLAS's") {
  for (const Case& one : cases()) {
    CAPTURE(one.config, to_string(one.input));
    const MadeLayer made = make_layer_from(one.config, {one.input});
    const auto own = results(made, ProductsKind::own);
    const auto openblas = results(made, ProductsKind::openblas);
    for (std::size_t k = 0; k < own.size(); ++k) {
      CAPTURE(k);
      double worst = 0, largest = 0;
      for (std::size_t i = 0; i < own[k].size(); ++i) {
        const double a = static_cast<double>(own[k][i]), b = static_cast<double>(openblas[k][i]);
        worst = std::max(worst, std::fabs(a - b));
        largest = std::max(largest, std::fabs(a));
      }
      CHECK(largest > 0);
      CHECK(worst <= 3e-5 * largest);
    }
  }
}

}  // namespace bnn::testing
