#include "bnn/layers/merge.h"

#include <array>

#include <catch2/catch.hpp>

#include "bnn/layers/flatten.h"
#include "support/layer_fixture.h"

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

TEST_CASE("multiply gives the product of its inputs, with their gradients") {
  const Shape image{2, 3, 4}, pixel{1, 1, 4}, vector = flat_shape(4);
  const std::vector<Shape> cases[] = {
      {image, image},        {image, image, image},  {image, vector},  {vector, image},
      {pixel, image, image}, {image, pixel, vector}, {vector, vector}, {pixel, vector}};
  for (const std::vector<Shape>& inputs : cases) {
    const MadeLayer made = make_layer_from(R"({"type": "multiply"})", inputs);
    const Shape& output = made.layer->output_shape();
    CAPTURE(to_string(output), inputs.size());
    CHECK(std::find(inputs.begin(), inputs.end(), output) != inputs.end());
    LayerRun run(made, 2);
    check_against_naive(run, [&](const NaiveState& state) {
      Numbers product(2 * output.size(), 1.0);
      for (std::size_t k = 0; k < inputs.size(); ++k) {
        const std::size_t pixels = output.pixels() / inputs[k].pixels();  // that share one
        for (std::size_t i = 0; i < product.size(); ++i) {
          product[i] *= state.inputs[k][i / 4 / pixels * 4 + i % 4];
        }
      }
      return product;
    });
  }
}

TEST_CASE("multiply skips the inputs whose gradients are not wanted") {
  const MadeLayer made = make_layer_from(R"({"type": "multiply"})", {flat_shape(3), flat_shape(3)});
  LayerRun run(made, 1);
  run.inputs[0] = {4, 5, 6};
  run.forward();
  run.output_gradient.copy(std::vector<float>{1, 2, 3});
  const std::vector<const float*> inputs = {run.inputs[0].data(), run.inputs[1].data()};
  const std::vector<float*> targets = {nullptr, run.input_gradients[1].data()};
  GuardedFloats scratch(made.layer->scratch_size(1), kUnset);
  made.layer->backward({run.pass, inputs, run.output.data(), run.output_gradient.data(), targets,
                        nullptr, nullptr, scratch.data()});
  CHECK(to_numbers(run.input_gradients[1].span()) == Numbers{4, 10, 18});
}

TEST_CASE("inputs whose shapes do not fit cannot be multiplied") {
  CHECK_THROWS_WITH(Multiply({Shape{4, 4, 8}, flat_shape(16)}),
                    "inputs to multiply must have one shape, or be vectors of an image's channels, "
                    "but they have 4 x 4 x 8 and 16");
  CHECK_THROWS_AS(Multiply({Shape{4, 4, 8}, Shape{4, 1, 8}}), Error);
  CHECK_THROWS_AS(Multiply({Shape{4, 4, 8}, Shape{4, 4, 1}}), Error);
  CHECK_THROWS_AS(Multiply({flat_shape(8), flat_shape(4)}), Error);
  CHECK_THROWS_AS(Multiply({Shape{4, 4, 8}, Shape{4, 4, 8, false, true}}), Error);
  CHECK_THROWS_WITH(make_layer_from(R"({"type": "multiply"})", {flat_shape(3)}),
                    Catch::Matchers::Contains("two or more layers"));
}

TEST_CASE("inputs of different shapes cannot be added") {
  CHECK_THROWS_WITH(Add({Shape{4, 4, 8}, Shape{4, 4, 16}}),
                    "inputs to add must have one shape, but they have 4 x 4 x 8 and 4 x 4 x 16");
  CHECK_THROWS_AS(Add({Shape{1, 1, 8}, flat_shape(8)}), Error);
  CHECK_NOTHROW(Add({flat_shape(8), flat_shape(8), flat_shape(8)}));
}

namespace {

// Concatenation of [examples][rank 3 or 1] arrays along dimension `axis` of an example, counted
// from 0 in memory, element by element.
NaiveLayer naive_concatenate(const std::vector<Shape>& inputs, std::size_t axis) {
  return [=](const NaiveState& state) {
    using Sides = std::array<std::size_t, 3>;
    const auto sides_of = [](const Shape& shape) {
      return Sides{static_cast<std::size_t>(shape.height), static_cast<std::size_t>(shape.width),
                   static_cast<std::size_t>(shape.channels)};
    };
    Sides all = sides_of(inputs[0]);
    all[axis] = 0;
    for (const Shape& shape : inputs) all[axis] += sides_of(shape)[axis];
    const std::size_t examples = state.inputs[0].size() / inputs[0].size();
    const std::size_t size = all[0] * all[1] * all[2];
    Numbers output(examples * size, -1.0);
    std::size_t start = 0;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      const Sides own = sides_of(inputs[k]);
      for (std::size_t i = 0; i < state.inputs[k].size(); ++i) {
        Sides at = {i / (own[1] * own[2]) % own[0], i / own[2] % own[1], i % own[2]};
        at[axis] += start;
        output[i / inputs[k].size() * size + (at[0] * all[1] + at[1]) * all[2] + at[2]] =
            state.inputs[k][i];
      }
      start += own[axis];
    }
    return output;
  };
}

void check_concatenate(const std::string& axis, const std::vector<Shape>& inputs,
                       std::size_t memory_axis, const Shape& output) {
  INFO("axis " << axis);
  const MadeLayer made =
      make_layer_from(R"({"type": "concatenate", "axis": )" + axis + "}", inputs);
  CHECK(made.layer->output_shape() == output);
  CHECK(!made.layer->is_view());
  LayerRun run(made, 3);
  check_against_naive(run, naive_concatenate(inputs, memory_axis));
}

}  // namespace

TEST_CASE("concatenate joins images along every axis, with the gradient") {
  const std::vector<Shape> rows = {{2, 3, 4}, {1, 3, 4}, {3, 3, 4}};
  const std::vector<Shape> columns = {{2, 1, 4}, {2, 3, 4}};
  const std::vector<Shape> channels = {{2, 3, 4}, {2, 3, 1}, {2, 3, 2}, {2, 3, 4}};
  check_concatenate("1", rows, 0, {6, 3, 4});
  check_concatenate("-3", rows, 0, {6, 3, 4});
  check_concatenate("2", columns, 1, {2, 4, 4});
  check_concatenate("-2", columns, 1, {2, 4, 4});
  check_concatenate("3", channels, 2, {2, 3, 11});
  check_concatenate("-1", channels, 2, {2, 3, 11});
}

TEST_CASE("concatenate counts the axes of channels first images as they are presented") {
  const auto first = [](int height, int width, int channels) {
    return Shape{height, width, channels, false, true};
  };
  check_concatenate("1", {first(2, 3, 4), first(2, 3, 1)}, 2, first(2, 3, 5));
  check_concatenate("-3", {first(2, 3, 4), first(2, 3, 1)}, 2, first(2, 3, 5));
  check_concatenate("2", {first(2, 3, 4), first(5, 3, 4)}, 0, first(7, 3, 4));
  check_concatenate("3", {first(2, 3, 4), first(2, 1, 4)}, 1, first(2, 4, 4));
  check_concatenate("-1", {first(2, 3, 4), first(2, 1, 4)}, 1, first(2, 4, 4));
}

TEST_CASE("concatenate joins vectors") {
  for (const std::string axis : {"1", "-1"}) {
    check_concatenate(axis, {flat_shape(3), flat_shape(1), flat_shape(5)}, 2, flat_shape(9));
  }
}

TEST_CASE("concatenate skips the inputs whose gradients are not wanted") {
  const MadeLayer made =
      make_layer_from(R"({"type": "concatenate"})", {flat_shape(2), flat_shape(1)});
  LayerRun run(made, 2);
  run.forward();
  run.output_gradient.copy(std::vector<float>{1, 2, 3, 4, 5, 6});
  const std::vector<const float*> inputs = {run.inputs[0].data(), run.inputs[1].data()};
  const std::vector<float*> targets = {nullptr, run.input_gradients[1].data()};
  made.layer->backward({run.pass, inputs, run.output.data(), run.output_gradient.data(), targets,
                        nullptr, nullptr, nullptr});
  CHECK(to_numbers(run.input_gradients[1].span()) == Numbers{3, 6});
}

TEST_CASE("what cannot be concatenated is refused with the reason") {
  const auto message = [](const std::string& axis, const std::vector<Shape>& inputs) {
    try {
      make_layer_from(R"({"type": "concatenate", "axis": )" + axis + "}", inputs);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::config);
      return std::string(error.what());
    }
    return std::string("no error");
  };
  using Catch::Matchers::Contains;
  const Shape image{2, 3, 4};
  CHECK_THAT(message("-1", {image, {2, 4, 4}}), Contains("2 x 3 x 4 and 2 x 4 x 4"));
  CHECK_THAT(message("1", {image, {2, 3, 5}}), Contains("2 x 3 x 4 and 2 x 3 x 5"));
  CHECK_THAT(message("1", {flat_shape(4), image}), Contains("one shape"));
  CHECK_THAT(message("-1", {image, {2, 3, 4, false, true}}), Contains("one shape"));
  CHECK_THAT(message("2", {flat_shape(4), flat_shape(4)}), Contains("there is no axis 2"));
  CHECK_THAT(message("-2", {flat_shape(4), flat_shape(4)}), Contains("there is no axis -2"));
  CHECK_THAT(message("0", {image, image}), Contains("axis") && Contains("batch"));
  CHECK_THAT(message("4", {image, image}), Contains("axis: expected an integer from -3 to 3"));
  CHECK_THAT(message("-1", {image}), Contains("two or more layers in \"inputs\", found 1"));
  CHECK_THAT(message("-1", {flat_shape(2000000000), flat_shape(2000000000)}),
             Contains("too large"));
}
