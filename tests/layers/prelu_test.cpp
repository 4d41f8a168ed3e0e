#include "bnn/layers/prelu.h"

#include <catch2/catch.hpp>

#include "support/layer_fixture.h"
#include "support/model_fixtures.h"

using namespace bnn;
using namespace bnn::testing;

TEST_CASE("prelu has a slope for each channel, with gradients for inputs and slopes") {
  for (const Shape& shape : {Shape{3, 2, 5}, flat_shape(7)}) {
    const MadeLayer made = make_layer_from(R"({"type": "prelu"})", {shape});
    CHECK(made.layer->output_shape() == shape);
    LayerRun run(made, 3);
    check_against_naive(run, [&](const NaiveState& state) {
      Numbers y = state.inputs[0];
      const auto channels = static_cast<std::size_t>(shape.channels);
      for (std::size_t i = 0; i < y.size(); ++i) {
        y[i] = std::max(y[i], 0.0) + state.parameters[i % channels] * std::min(y[i], 0.0);
      }
      return y;
    });
  }
}

TEST_CASE("prelu declares its slopes, with what the config says of them") {
  const MadeLayer made = make_layer_from(
      R"({"type": "prelu", "alpha_initializer": {"type": "constant", "value": 0.25},
          "alpha_regularizer": {"l2": 0.5}, "alpha_constraint": "non_neg", "trainable": false})",
      {{4, 4, 6}});
  REQUIRE(made.layout.variables().size() == 1);
  const Variable& alpha = made.layout.variables()[0];
  CHECK(alpha.name == "layer/alpha");
  CHECK(alpha.shape == std::vector<std::int64_t>{6});
  CHECK(alpha.initializer.kind == Initializer::Kind::constant);
  CHECK(alpha.initializer.a == 0.25);
  CHECK(alpha.regularizer.l2 == 0.5);
  CHECK(alpha.constraint.kind == Constraint::Kind::non_neg);
  CHECK_FALSE(alpha.trainable);
  CHECK(make_layer_from(R"({"type": "prelu"})", {{4, 4, 6}}).layout.variables()[0].trainable);
}

TEST_CASE("layers of one name share their slopes") {
  const Graph graph = make_graph(R"({"input": {"height": 4, "width": 4, "channels": 2}, "layers": [
      {"type": "prelu", "name": "p", "alpha_initializer": {"type": "constant", "value": 0.3}},
      {"type": "prelu", "name": "p", "reuse": true}, {"type": "flatten"}]})");
  REQUIRE(graph.layout().variables().size() == 1);
  CHECK(graph.layout().variables()[0].initializer.a == 0.3);
}

TEST_CASE("a NaN stays a NaN in prelu") {
  const MadeLayer made = make_layer_from(R"({"type": "prelu"})", {flat_shape(2)});
  LayerRun run(made, 1);
  run.inputs[0] = {std::numeric_limits<float>::quiet_NaN(), 1.0f};
  CHECK(std::isnan(run.forward()[0]));
}
