// What is drawn for each kind of random tensor, and how its gradient reaches the two variables,
// over several chunks.

#include "bnn/model/chunks.h"

#include <cmath>

#include <catch2/catch.hpp>

#include "support/exact_posterior.h"
#include "support/layer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

constexpr std::size_t kElements = 2 * kChunkElements + 100;

struct Drawn {
  Draw kind;
  ParameterLayout layout = {};
  std::vector<float> parameters = {}, noise = {}, draws = {};
  std::vector<float> normal = std::vector<float>(kElements);  // the noise that the stream names

  explicit Drawn(Draw draw) : kind(draw) {
    for (const std::string name : {"loc", "untransformed_scale"}) {
      layout.add({.name = name, .shape = {kElements}, .initializer = {}});
    }
    layout.add(RandomTensor{.loc = 0, .untransformed_scale = 1, .draw = draw});
    parameters = random_numbers(layout.size(), 1, 2.0f);
    noise = draws = std::vector<float>(layout.size(), 7.0f);
    fill_normal({.seed = 3, .site = Site::predict_noise, .index = 1, .step = 4}, 0, normal);
    for (const Chunk& chunk : cut_into_chunks(layout)) {
      draw_chunk(layout, chunk, parameters.data(), 3, Site::predict_noise, 4, noise.data(),
                 draws.data());
    }
  }

  std::span<const float> part(std::size_t variable, const std::vector<float>& array) const {
    return std::span(array).subspan(layout.variables()[variable].slice.offset, kElements);
  }
};

}  // namespace

TEST_CASE("a draw is a sample, a perturbation or the scale itself") {
  for (const Draw kind : {Draw::sample, Draw::perturbation, Draw::scale}) {
    const Drawn drawn(kind);
    Numbers expected;
    for (std::size_t i = 0; i < kElements; ++i) {
      const double mu = drawn.part(0, drawn.parameters)[i];
      const double sigma = exact_sigma(drawn.part(1, drawn.parameters)[i]);
      const double noise = drawn.normal[i];
      expected.push_back(kind == Draw::sample         ? mu + sigma * noise
                         : kind == Draw::perturbation ? sigma * noise
                                                      : sigma);
    }
    CHECK(worst_error(drawn.part(1, drawn.draws), expected) < 1e-6);
    for (const float untouched : drawn.part(0, drawn.draws)) REQUIRE(untouched == 7.0f);
  }
  const Drawn none(Draw::none);
  for (const float untouched : none.draws) REQUIRE(untouched == 7.0f);
}

TEST_CASE("a draw's gradient goes to the location and through softplus to the scale") {
  for (const Draw kind : {Draw::sample, Draw::perturbation, Draw::scale, Draw::none}) {
    const Drawn drawn(kind);
    const auto given = random_numbers(drawn.layout.size(), 9);
    std::vector<float> gradient = given;
    for (const Chunk& chunk : cut_into_chunks(drawn.layout)) {
      draw_gradient_to_posterior(drawn.layout, chunk, drawn.parameters.data(), drawn.noise.data(),
                                 gradient.data());
    }
    Numbers loc, scale;
    for (std::size_t i = 0; i < kElements; ++i) {
      const double g = drawn.part(1, given)[i];
      const double slope = 1 / (1 + std::exp(-double{drawn.part(1, drawn.parameters)[i]}));
      // d draw / d loc is 1 for a sample; else the layer has given the gradient itself.
      loc.push_back(kind == Draw::sample ? g : double{drawn.part(0, given)[i]});
      scale.push_back(kind == Draw::none    ? 0.0
                      : kind == Draw::scale ? g * slope
                                            : g * slope * drawn.normal[i]);
    }
    CHECK(worst_error(drawn.part(0, gradient), loc) < 1e-6);
    CHECK(worst_error(drawn.part(1, gradient), scale) < 1e-6);
  }
}
