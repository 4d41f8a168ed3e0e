#include "bnn/bayes/parameter_layout.h"

#include <cmath>
#include <cstdint>
#include <map>

#include <catch2/catch.hpp>

#include "bnn/model/chunks.h"

using namespace bnn;

namespace {

const Initializer kNormal{Initializer::Kind::random_normal, 0.0, 1.0};

ParameterLayout example_layout() {
  ParameterLayout layout;
  layout.add({.name = "a/kernel", .shape = {3, 5}, .initializer = kNormal});
  layout.add({.name = "b/kernel_posterior_loc", .shape = {100, 200}, .initializer = kNormal});
  layout.add({.name = "b/kernel_posterior_untransformed_scale",
              .shape = {100, 200},
              .initializer = {Initializer::Kind::random_normal, -3.0, 0.1}});
  layout.add(
      RandomTensor{.loc = 1, .untransformed_scale = 2, .prior = Prior{.loc = 0.5, .scale = 2.0}});
  layout.add({.name = "b/bias", .shape = {16}, .initializer = kNormal});
  layout.add({.name = "c/bias", .shape = {8192}, .initializer = kNormal, .trainable = false});
  return layout;
}

}  // namespace

TEST_CASE("variables lie one after the other, each on a cache line") {
  ParameterLayout layout;
  CHECK(layout.size() == 0);
  const Slice first = layout.add({.name = "one", .shape = {}, .initializer = {}});
  const Slice second = layout.add({.name = "sixteen", .shape = {2, 2, 4}, .initializer = {}});
  const Slice third = layout.add({.name = "seventeen", .shape = {17, 1}, .initializer = {}});
  const Slice fourth = layout.add({.name = "three", .shape = {3}, .initializer = {}});
  CHECK((first.offset == 0 && first.size == 1));
  CHECK((second.offset == 16 && second.size == 16));
  CHECK((third.offset == 32 && third.size == 17));
  CHECK((fourth.offset == 64 && fourth.size == 3));
  CHECK(layout.size() == 80);
  CHECK(layout.parameters() == 37);
  const AlignedArray array(layout.size());
  CHECK(reinterpret_cast<std::uintptr_t>(array.data()) % 64 == 0);
}

TEST_CASE("variables keep their names, shapes and options") {
  const ParameterLayout layout = example_layout();
  REQUIRE(layout.variables().size() == 5);
  CHECK(layout.variables()[1].name == "b/kernel_posterior_loc");
  CHECK(layout.variables()[2].shape == std::vector<std::int64_t>{100, 200});
  CHECK(layout.variables()[3].trainable);
  CHECK(!layout.variables()[4].trainable);
}

TEST_CASE("a random tensor names its two variables and their prior") {
  const ParameterLayout layout = example_layout();
  REQUIRE(layout.random_tensors().size() == 1);
  const RandomTensor& tensor = layout.random_tensors()[0];
  CHECK(tensor.loc == 1);
  CHECK(tensor.untransformed_scale == 2);
  REQUIRE(tensor.prior);
  CHECK((tensor.prior->loc == 0.5 && tensor.prior->scale == 2.0));
}

TEST_CASE("initial values are a function of the seed and the variable's position") {
  const ParameterLayout layout = example_layout();
  AlignedArray parameters(layout.size()), again(layout.size()), other(layout.size());
  initialize_parameters(layout, 7, parameters);
  initialize_parameters(layout, 7, again);
  initialize_parameters(layout, 8, other);
  std::size_t differing = 0;
  for (std::size_t v = 0; v < layout.variables().size(); ++v) {
    const Variable& variable = layout.variables()[v];
    std::vector<float> expected(variable.slice.size);
    initialize(variable.initializer, variable.shape,
               {.seed = 7, .site = Site::initializer, .index = static_cast<std::uint32_t>(v)},
               expected);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      REQUIRE(parameters.data()[variable.slice.offset + i] == expected[i]);
      REQUIRE(again.data()[variable.slice.offset + i] == expected[i]);
      differing += other.data()[variable.slice.offset + i] != expected[i] ? 1u : 0u;
    }
  }
  CHECK(differing > layout.parameters() * 99 / 100);
  CHECK(parameters.data()[15] == 0.0f);  // padding
  // Two variables of one kind do not get the same numbers.
  CHECK(parameters.data()[layout.variables()[0].slice.offset] !=
        parameters.data()[layout.variables()[3].slice.offset]);
}

TEST_CASE("a variable that is added later does not change the values of those before it") {
  ParameterLayout layout = example_layout();
  AlignedArray before(layout.size());
  initialize_parameters(layout, 7, before);
  layout.add({.name = "d/bias", .shape = {4}, .initializer = kNormal});
  AlignedArray after(layout.size());
  initialize_parameters(layout, 7, after);
  for (std::size_t i = 0; i < before.size(); ++i) REQUIRE(before.data()[i] == after.data()[i]);
}

TEST_CASE("chunks cover every element of every variable exactly once") {
  const ParameterLayout layout = example_layout();
  std::map<std::size_t, std::vector<int>> covered;
  for (std::size_t v = 0; v < layout.variables().size(); ++v) {
    covered[v].assign(layout.variables()[v].slice.size, 0);
  }
  for (const Chunk& chunk : cut_into_chunks(layout)) {
    REQUIRE(chunk.size >= 1);
    REQUIRE(chunk.size <= kChunkElements);
    REQUIRE(chunk.begin % kChunkElements == 0);
    for (std::size_t i = 0; i < chunk.size; ++i) {
      ++covered[chunk.variable].at(chunk.begin + i);
      if (chunk.scale) ++covered[*chunk.scale].at(chunk.begin + i);
    }
    CHECK(chunk.scale.has_value() == (chunk.variable == 1));
    CHECK(chunk.tensor.has_value() == (chunk.variable == 1));
  }
  for (const auto& [variable, counts] : covered) {
    CHECK(counts == std::vector<int>(counts.size(), 1));
  }
}

TEST_CASE("the perturbation of a tensor does not depend on how it is cut into chunks") {
  const ParameterLayout layout = example_layout();
  AlignedArray parameters(layout.size()), noise(layout.size()), perturbation(layout.size());
  initialize_parameters(layout, 1, parameters);
  for (const Chunk& chunk : cut_into_chunks(layout)) {
    if (!chunk.scale) continue;
    draw_chunk(layout, chunk, parameters.data(), 5, Site::weight_noise, 9, noise.data(),
               perturbation.data());
  }
  const Slice scale = layout.variables()[2].slice;
  std::vector<float> expected(scale.size);
  fill_normal({.seed = 5, .site = Site::weight_noise, .index = 2, .step = 9}, 0, expected);
  for (std::size_t i = 0; i < scale.size; ++i) {
    const double u = parameters.data()[scale.offset + i];
    const double sigma = std::log1p(std::exp(u)) + 1.1920928955078125e-7;
    REQUIRE(noise.data()[scale.offset + i] == expected[i]);
    REQUIRE(perturbation.data()[scale.offset + i] ==
            Approx(sigma * static_cast<double>(expected[i])).epsilon(1e-5));
  }
  // Nothing is written where there is no scale.
  CHECK(perturbation.data()[layout.variables()[1].slice.offset] == 0.0f);
}

TEST_CASE("state is neither a parameter nor trainable, and lies in chunks of its own") {
  ParameterLayout layout = example_layout();
  const std::size_t parameters = layout.parameters(), chunks = cut_into_chunks(layout).size();
  CHECK(layout.numbers() == parameters);
  layout.add({.name = "d/moving_mean",
              .shape = {9000},
              .initializer = {Initializer::Kind::constant, 0.25, 0.0},
              .role = VariableRole::state});
  CHECK(layout.variables().back().is_state());
  CHECK(!layout.variables().back().trainable);
  CHECK(layout.parameters() == parameters);
  CHECK(layout.numbers() == parameters + 9000);
  CHECK(cut_into_chunks(layout).size() == chunks);
  const std::vector<Chunk> state = cut_state_into_chunks(layout);
  REQUIRE(state.size() == 2);
  CHECK((state[0].variable == 5 && state[0].begin == 0 && state[0].size == kChunkElements));
  CHECK((state[1].begin == kChunkElements && state[1].size == 9000 - kChunkElements));
  AlignedArray values(layout.size());
  initialize_parameters(layout, 1, values);
  CHECK(values.data()[layout.variables().back().slice.offset + 8999] == 0.25f);
}
