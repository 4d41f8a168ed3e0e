#include "bnn/layers/activation.h"

#include <catch2/catch.hpp>

#include "support/layer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

const char* const kNames[] = {"linear", "relu",  "leaky_relu", "elu",     "selu",
                              "gelu",   "swish", "tanh",       "sigmoid", "softplus"};

Activation activation_named(const std::string& name) {
  const auto& names = activation_names();
  return static_cast<Activation>(std::find(names.begin(), names.end(), name) - names.begin());
}

float activated(const std::string& name, float z) {
  activate(activation_named(name), &z, 1, nullptr);
  return z;
}

// f'(z) by the code under test, from what forward leaves.
float derivative(const std::string& name, float z) {
  const Activation activation = activation_named(name);
  float y = z, saved = kUnset, gradient = 1.0f;
  activate(activation, &y, 1, needs_input(activation) ? &saved : nullptr);
  activate_backward(activation, &y, needs_input(activation) ? &saved : nullptr, 1, &gradient);
  return gradient;
}

double naive_derivative(const std::string& name, double z) {
  constexpr double kStep = 1e-6;
  return (naive_activation(name, z + kStep) - naive_activation(name, z - kStep)) / (2 * kStep);
}

}  // namespace

TEST_CASE("the names of activations stand in the order of the enumeration") {
  CHECK(activation_names() == std::vector<std::string>(std::begin(kNames), std::end(kNames)));
  CHECK(activation_named("linear") == Activation::linear);
  CHECK(activation_named("gelu") == Activation::gelu);
  CHECK(activation_named("softplus") == Activation::softplus);
}

TEST_CASE("activations have their published values") {
  // Rounded from the definitions with pencil and table: e = 2.718281828, Phi(1) = 0.841344746.
  CHECK(activated("relu", -2) == 0.0f);
  CHECK(activated("relu", 3) == 3.0f);
  CHECK(activated("leaky_relu", -2) == Approx(-0.4));
  CHECK(activated("elu", -1) == Approx(-0.632120559));
  CHECK(activated("selu", 1) == Approx(1.050700987));
  CHECK(activated("selu", -1) == Approx(-1.111330738));
  CHECK(activated("gelu", 1) == Approx(0.841344746));
  CHECK(activated("gelu", -1) == Approx(-0.158655254));
  CHECK(activated("swish", 1) == Approx(0.731058579));
  CHECK(activated("tanh", 1) == Approx(0.761594156));
  CHECK(activated("sigmoid", -1) == Approx(0.268941421));
  CHECK(activated("softplus", 0) == Approx(0.693147181));
}

TEST_CASE("activations and their derivatives equal the definitions in double") {
  for (const std::string name : kNames) {
    for (int i = -400; i <= 400; ++i) {
      const float z = 0.021f * static_cast<float>(i);
      if (i == 0) continue;  // the kinks have a case of their own
      const double y = activated(name, z), expected = naive_activation(name, z);
      const double slope = derivative(name, z), expected_slope = naive_derivative(name, z);
      const bool good = std::abs(y - expected) < 1e-6 * (1 + std::abs(expected)) &&
                        std::abs(slope - expected_slope) < 3e-6;
      if (!good) {
        FAIL_CHECK(name << " at " << z << ": " << y << " for " << expected << ", slope " << slope
                        << " for " << expected_slope);
      }
    }
  }
}

TEST_CASE("the derivative at a kink is one of the two sides'") {
  CHECK(derivative("relu", 0) == 0.0f);
  CHECK(derivative("leaky_relu", 0) == Approx(0.2));
  CHECK(derivative("elu", 0) == Approx(1));
  const float selu = derivative("selu", 0);
  CHECK((selu == Approx(1.0507010) || selu == Approx(1.0507010 * 1.6732632)));
}

TEST_CASE("activations stay finite where exponentials do not") {
  for (const std::string name : kNames) {
    for (const float z : {-1e30f, -200.0f, 200.0f}) {
      INFO(name << " at " << z);
      CHECK(std::isfinite(activated(name, z)));
      CHECK(std::isfinite(derivative(name, z)));
    }
  }
  CHECK(activated("softplus", 200) == 200.0f);
  CHECK(activated("swish", -200) == Approx(0).margin(1e-30));
  CHECK(derivative("gelu", -200) == Approx(0).margin(1e-30));
}

TEST_CASE("a NaN stays a NaN") {
  for (const std::string name : kNames) {
    INFO(name);
    CHECK(std::isnan(activated(name, kUnset)));
  }
}

TEST_CASE("only gelu and swish keep their inputs, and only if asked to") {
  for (const std::string name : kNames) {
    const Activation activation = activation_named(name);
    CHECK(needs_input(activation) == (name == "gelu" || name == "swish"));
    float values[] = {-1.0f, 2.0f}, saved[] = {0.0f, 0.0f};
    activate(activation, values, 2, saved);
    CHECK((saved[0] == -1.0f && saved[1] == 2.0f) == needs_input(activation));
  }
}

TEST_CASE("the activation layer applies its function and its derivative") {
  const Shape shape{3, 2, 4};
  for (const std::string name : kNames) {
    INFO(name);
    const MadeLayer made =
        make_layer_from("{\"type\": \"activation\", \"activation\": \"" + name + "\"}", {shape});
    CHECK(made.layer->output_shape() == shape);
    LayerRun run(made, 2);
    check_against_naive(run, [&](const NaiveState& state) {
      Numbers y = state.inputs[0];
      for (double& z : y) z = naive_activation(name, z);
      return y;
    });
    run.backward(random_numbers(run.output.span().size(), 2), /*wants_input_gradients=*/false);
  }
}
