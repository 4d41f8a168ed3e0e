#include "bnn/math/constraint.h"

#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

#include "support/layer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

using Kind = Constraint::Kind;

std::vector<float> projected(const Constraint& constraint, std::size_t columns,
                             std::vector<float> values) {
  project(constraint, columns, values);
  return values;
}

// Keras: w * wanted(norm) / (1e-7 + norm), the norm over all axes but the last.
template <typename Wanted>
Numbers scaled(std::size_t columns, const std::vector<float>& values, const Wanted& wanted) {
  Numbers result = to_numbers(values);
  for (std::size_t column = 0; column < columns; ++column) {
    double square = 0.0;
    for (std::size_t i = column; i < values.size(); i += columns) square += result[i] * result[i];
    const double norm = std::sqrt(square);
    for (std::size_t i = column; i < values.size(); i += columns) {
      result[i] *= wanted(norm) / (1e-7 + norm);
    }
  }
  return result;
}

}  // namespace

TEST_CASE("clip and non_neg move each number to the nearest that is allowed") {
  const std::vector<float> values = {-2.0f, -0.5f, 0.0f, 0.5f, 2.0f};
  using List = std::vector<float>;
  CHECK(projected({Kind::clip, -1.0, 0.5}, 5, values) == List{-1.0f, -0.5f, 0.0f, 0.5f, 0.5f});
  CHECK(projected({.kind = Kind::clip, .max = 0.25}, 1, values) ==
        List{-2.0f, -0.5f, 0.0f, 0.25f, 0.25f});
  CHECK(projected({.kind = Kind::clip, .min = 0.25}, 1, values) ==
        List{0.25f, 0.25f, 0.25f, 0.5f, 2.0f});
  CHECK(projected({.kind = Kind::non_neg}, 1, values) == List{0.0f, 0.0f, 0.0f, 0.5f, 2.0f});
  CHECK(projected({}, 5, values) == values);
  CHECK(Constraint().empty());
}

TEST_CASE("max_norm shortens the columns that are too long and leaves the others") {
  for (const std::size_t columns : {1u, 3u, 12u}) {
    auto values = random_numbers(12 * 5, 3);
    for (std::size_t i = 0; i < values.size(); i += columns) values[i] *= 10.0f;
    const double max = columns == 1 ? 5.0 : 3.0;
    const auto result = projected({.kind = Kind::max_norm, .max = max}, columns, values);
    const auto keras = scaled(columns, values, [&](double norm) { return std::min(norm, max); });
    CHECK(worst_error(result, keras) < 1e-6);
    bool some_changed = false, some_kept = columns == 1;
    for (std::size_t i = 0; i < values.size(); ++i) {
      (result[i] == values[i] ? some_kept : some_changed) = true;
    }
    CHECK((some_changed && some_kept));
  }
}

TEST_CASE("unit_norm gives every column the norm 1, and zeros stay") {
  auto values = random_numbers(4 * 7, 4);
  for (std::size_t i = 2; i < values.size(); i += 4) values[i] = 0.0f;
  const auto result = projected({.kind = Kind::unit_norm}, 4, values);
  CHECK(worst_error(result, scaled(4, values, [](double) { return 1.0; })) < 1e-6);
  for (std::size_t column = 0; column < 4; ++column) {
    double square = 0.0;
    for (std::size_t i = column; i < result.size(); i += 4) {
      square += static_cast<double>(result[i]) * result[i];
    }
    CHECK(square == Approx(column == 2 ? 0.0 : 1.0).epsilon(1e-5));
  }
  // A column of one number keeps its sign.
  CHECK(projected({.kind = Kind::unit_norm}, 2, {-4.0f, 0.5f})[0] == Approx(-1.0f));
}

TEST_CASE("constraints of all variables reach the layout") {
  const MadeLayer made = make_layer_from(R"({"type": "conv2d_flipout", "filters": 2,
      "kernel_size": 1,
      "kernel_posterior_fn": {"loc_constraint": {"type": "max_norm"},
                              "untransformed_scale_constraint": {"type": "clip", "max": -1.5}},
      "bias_posterior_fn": {"loc_constraint": "non_neg"}})",
                                         {{3, 3, 2}});
  const auto& variables = made.layout.variables();
  CHECK(variables[0].constraint.kind == Kind::max_norm);
  CHECK(variables[0].constraint.max == 2.0);
  CHECK(variables[0].columns() == 2);
  CHECK(variables[1].constraint.kind == Kind::clip);
  CHECK(variables[1].constraint.max == -1.5);
  CHECK(variables[1].constraint.min < -1e29);
  CHECK(variables[2].constraint.kind == Kind::non_neg);
  const MadeLayer dense = make_layer_from(R"({"type": "dense", "units": 2,
      "kernel_constraint": "unit_norm", "bias_constraint": {"type": "clip", "min": 0, "max": 1}})",
                                          {flat_shape(3)});
  CHECK(dense.layout.variables()[0].constraint.kind == Kind::unit_norm);
  CHECK(dense.layout.variables()[1].constraint == Constraint{Kind::clip, 0.0, 1.0});
  const auto refused = [](const std::string& constraint, const std::string& words) {
    CHECK_THROWS_WITH(
        make_layer_from(R"({"type": "dense", "units": 2, "kernel_constraint": )" + constraint + "}",
                        {flat_shape(3)}),
        Catch::Matchers::Contains(words));
  };
  refused(R"({"type": "clip", "min": 2, "max": 1})", "min: expected at most \"max\"");
  refused(R"({"type": "max_norm", "max": -1})", "kernel_constraint/max: expected a number");
  refused(R"("maxnorm")", "did you mean \"max_norm\"?");
}
