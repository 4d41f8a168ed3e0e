// Flipout as a distribution over many draws of perturbation and signs, conditional on the inputs:
// every weight matrix is one posterior sample, of an example's own.

#include <catch2/catch.hpp>

#include "support/conv_pair.h"
#include "support/moments.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

Moments measure(const MadeLayer& made, const NaiveWindow& w) {
  return measure_moments(made, w, {.examples = false, .pixels = true});
}

}  // namespace

TEST_CASE("flipout convolutions have the moments of independent posterior samples an example") {
  // As many channels as filters, so that one stream for both kinds of signs would show.
  const NaiveWindow w{{4, 3, 2}, 2, {2, 2}, {1, 1}};
  const ConvPair pair(w, "linear");
  for (const MadeLayer* made : {&pair.per_example, &pair.two_product}) {
    const Moments moments = measure(*made, w);
    CHECK(moments.worst_mean < 5);
    CHECK(moments.worst_variance < 5);
    CHECK(moments.worst_covariance < 5);
    CHECK(moments.distant_pixels > 20);
    CHECK(moments.shared_draw > 50);
  }
}

TEST_CASE("flipout convolutions with stride and padding have these moments too") {
  const NaiveWindow w{{4, 5, 3}, 3, {3, 3}, {2, 2}, {1, 1}, Padding::same};
  const ConvPair pair(w, "linear");
  const Moments moments = measure(pair.per_example, w);
  CHECK(moments.worst_mean < 5);
  CHECK(moments.worst_variance < 5);
  CHECK(moments.worst_covariance < 5);
}

TEST_CASE("dense flipout layers have the moments of independent posterior samples an example") {
  const NaiveWindow w{{1, 1, 6}, 6};
  const MadeLayer made =
      make_layer_from(R"({"type": "dense_flipout", "units": 6})", {flat_shape(6)});
  const Moments moments = measure(made, w);
  CHECK(moments.worst_mean < 5);
  CHECK(moments.worst_variance < 5);
  CHECK(moments.worst_covariance < 5);
  CHECK(moments.shared_draw > 50);
}

TEST_CASE("with one channel and one filter an example's perturbation is that of all up to a sign") {
  const NaiveWindow w{{4, 4, 1}, 1, {2, 2}, {1, 1}, {1, 1}, Padding::same};
  const ConvPair pair(w, "linear");
  for (const MadeLayer* made : {&pair.per_example, &pair.two_product}) {
    LayerRun run(*made, 8);
    for (std::size_t i = 0; i < run.inputs[0].size(); ++i) run.inputs[0][i] = run.inputs[0][i % 16];
    run.parameters.assign(run.parameters.size(), 0.0f);
    const Numbers image = to_numbers(std::span(run.inputs[0]).first(16));
    const Numbers kernel = to_numbers(run.draws);
    const Slice slice = made->layout.variables()[1].slice;
    const Numbers shared = naive_conv(w, image.data(), kernel.data() + slice.offset);
    const auto y = run.forward();
    int positive = 0;
    for (std::size_t b = 0; b < 8; ++b) {
      const double sign = y[16 * b] * shared[0] > 0 ? 1.0 : -1.0;
      positive += sign > 0 ? 1 : 0;
      for (std::size_t p = 0; p < 16; ++p) {
        CHECK(y[16 * b + p] == Approx(sign * shared[p]).margin(1e-6));
      }
    }
    CHECK((positive > 0 && positive < 8));
  }
}

TEST_CASE("a vanishing scale leaves the convolution with the means") {
  const NaiveWindow w{{4, 4, 2}, 3, {3, 3}, {1, 1}, {1, 1}, Padding::same};
  const ConvPair pair(w, "linear");
  for (const MadeLayer* made : {&pair.per_example, &pair.two_product}) {
    LayerRun run(*made, 2);
    for (float& d : run.draws) d *= 1e-7f;
    const NaiveLayer plain =
        naive_weights_layer(w, "linear", made->layout, {.noise = {}, .noisy = false});
    CHECK(worst_error(run.forward(), plain(run.naive_state())) < 1e-5);
  }
}
