#include "bnn/layers/merge.h"

#include <catch2/catch.hpp>

#include "bnn/layers/flatten.h"
#include "layer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

TEST_CASE("flatten is a view of the image as one vector") {
  const Flatten flatten({4, 5, 3});
  CHECK(flatten.output_shape() == flat_shape(60));
  CHECK(flatten.is_view());
  CHECK(Flatten(flat_shape(7)).output_shape() == flat_shape(7));
  CHECK_THROWS_AS(Flatten({1 << 16, 1 << 16, 1}), Error);
}

TEST_CASE("add sums its inputs and hands each the gradient") {
  const Shape shape{2, 3, 4};
  for (const std::size_t count : {2u, 3u, 5u}) {
    const MadeLayer made = make_layer_from(R"({"type": "add"})", std::vector<Shape>(count, shape));
    CHECK(made.layer->output_shape() == shape);
    CHECK(!made.layer->is_view());
    LayerRun run(made, 2);
    check_against_naive(run, [](const NaiveState& state) {
      Numbers sum(state.inputs[0].size(), 0.0);
      for (const Numbers& input : state.inputs) {
        for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += input[i];
      }
      return sum;
    });
  }
}

TEST_CASE("add skips the inputs whose gradients are not wanted") {
  const MadeLayer made = make_layer_from(R"({"type": "add"})", {flat_shape(3), flat_shape(3)});
  LayerRun run(made, 1);
  run.forward();
  run.output_gradient.copy(std::vector<float>{1, 2, 3});
  const std::vector<const float*> inputs = {run.inputs[0].data(), run.inputs[1].data()};
  const std::vector<float*> targets = {nullptr, run.input_gradients[1].data()};
  made.layer->backward({run.pass, inputs, run.output.data(), run.output_gradient.data(), targets,
                        nullptr, nullptr, nullptr});
  const auto second = run.input_gradients[1].span();
  CHECK(std::vector<float>(second.begin(), second.end()) == std::vector<float>{1, 2, 3});
}

TEST_CASE("inputs of different shapes cannot be added") {
  CHECK_THROWS_WITH(Add({Shape{4, 4, 8}, Shape{4, 4, 16}}),
                    "inputs to add must have one shape, but they have 4 x 4 x 8 and 4 x 4 x 16");
  CHECK_THROWS_AS(Add({Shape{1, 1, 8}, flat_shape(8)}), Error);
  CHECK_NOTHROW(Add({flat_shape(8), flat_shape(8), flat_shape(8)}));
}
