#include "bnn/math/regularizer.h"

#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

#include "support/layer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

TEST_CASE("the penalty is l1 times the magnitudes and l2 times the squares") {
  const std::vector<float> values = {1.0f, -2.0f, 0.5f, 0.0f, -0.25f};
  CHECK(penalty({}, values) == 0.0);
  CHECK(penalty({.l1 = 0.1}, values) == Approx(0.375));
  CHECK(penalty({.l2 = 0.1}, values) == Approx(0.53125));
  CHECK(penalty({.l1 = 2.0, .l2 = 3.0}, values) == Approx(2 * 3.75 + 3 * 5.3125));
  CHECK(penalty({.l1 = 2.0, .l2 = 3.0}, {}) == 0.0);
  CHECK(Regularizer().empty());
  CHECK((!Regularizer{.l1 = 1e-9}.empty() && !Regularizer{.l2 = 1e-9}.empty()));
}

TEST_CASE("the penalty is summed in double") {
  // In float the small squares would be lost beside the large one.
  std::vector<float> values(10001, 0.01f);
  values[0] = 1000.0f;
  const double small = static_cast<double>(0.01f);
  CHECK(penalty({.l2 = 1.0}, values) == Approx(1e6 + 10000 * small * small).epsilon(1e-12));
}

TEST_CASE("the gradient is l1 times the sign and twice l2 times the value, added and weighted") {
  const auto values = random_numbers(37, 1);
  for (const Regularizer& r :
       {Regularizer{.l1 = 0.7}, Regularizer{.l2 = 0.3}, Regularizer{.l1 = 0.7, .l2 = 0.3}}) {
    std::vector<float> gradient(values.size(), 5.0f);
    add_penalty_gradient(r, values, 0.25f, gradient);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double x = values[i], step = 1e-6;
      const auto at = [&](double v) { return r.l1 * std::abs(v) + r.l2 * v * v; };
      const double slope = (at(x + step) - at(x - step)) / (2 * step);
      CHECK(gradient[i] == Approx(5.0 + 0.25 * slope).epsilon(1e-6));
    }
  }
}

TEST_CASE("at zero the gradient of the magnitude is zero") {
  const std::vector<float> values = {0.0f, -0.0f};
  std::vector<float> gradient(2, 0.0f);
  add_penalty_gradient({.l1 = 1.0, .l2 = 1.0}, values, 1.0f, gradient);
  CHECK((gradient[0] == 0.0f && gradient[1] == 0.0f));
}

TEST_CASE("regularizers of all variables reach the layout") {
  const auto regularizers = [](const std::string& json, const Shape& input) {
    std::vector<Regularizer> list;
    const MadeLayer made = make_layer_from(json, {input});
    for (const Variable& variable : made.layout.variables()) list.push_back(variable.regularizer);
    return list;
  };
  using List = std::vector<Regularizer>;
  CHECK(regularizers(R"({"type": "dense", "units": 2, "kernel_regularizer": {"l1": 1, "l2": 2},
                         "bias_regularizer": {"l2": 3}})",
                     flat_shape(3)) == List{{1, 2}, {0, 3}});
  CHECK(regularizers(R"({"type": "dense_flipout", "units": 2,
      "kernel_posterior_fn": {"loc_regularizer": {"l1": 1},
                              "untransformed_scale_regularizer": {"l2": 2}},
      "bias_posterior_fn": {"is_singular": false, "loc_regularizer": {"l2": 3},
                            "untransformed_scale_regularizer": {"l1": 4}}})",
                     flat_shape(3)) == List{{1, 0}, {0, 2}, {0, 3}, {4, 0}});
  CHECK(read_layer_text(R"({"type": "dense", "units": 2, "activity_regularizer": {"l1": 5}})")
            .activity_regularizer == Regularizer{5, 0});
  CHECK_THROWS_WITH(regularizers(R"({"type": "dense", "units": 2,
                                     "kernel_regularizer": {"l2": -1}})",
                                 flat_shape(3)),
                    Catch::Matchers::Contains("kernel_regularizer/l2: expected a number"));
}
