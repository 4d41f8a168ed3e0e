// Every estimator as a distribution, conditional on the inputs. All have the same means and
// variances; they differ in which outputs see one sample of the kernel.

#include <catch2/catch.hpp>

#include "support/moments.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

struct Estimated {
  std::string name;
  Sharing sharing;
};

const Estimated kCases[] = {{"flipout", {.examples = false, .pixels = true}},
                            {"reparameterization", {.examples = true, .pixels = true}},
                            {"local_reparameterization", {.examples = false, .pixels = false}},
                            {"independent", {.examples = false, .pixels = true}}};

Moments check_moments(const MadeLayer& made, const NaiveWindow& w, const Sharing& sharing) {
  const Moments moments = measure_moments(made, w, sharing);
  CHECK(moments.worst_mean < 5);
  CHECK(moments.worst_variance < 5);
  CHECK(moments.worst_covariance < 5);
  return moments;
}

}  // namespace

TEST_CASE("convolutions have the means, variances and covariances of their estimator") {
  // As many channels as filters, so that one stream for both kinds of signs would show.
  const NaiveWindow w{{4, 3, 2}, 2, {2, 2}, {1, 1}};
  for (const Estimated& each : kCases) {
    INFO(each.name);
    const MadeLayer made = make_layer_from(
        conv_text("conv2d_flipout", w, "linear", estimator_key(each.name)), {w.input});
    const Moments moments = check_moments(made, w, each.sharing);
    // Far from 0, so that the comparison tells a shared sample from one of an output's own.
    CHECK(moments.distant_pixels > 20);
    CHECK(moments.shared_draw > 50);
  }
}

TEST_CASE("convolutions with stride and padding have these moments too") {
  const NaiveWindow w{{4, 5, 2}, 2, {3, 3}, {2, 2}, {1, 1}, Padding::same};
  for (const Estimated& each : kCases) {
    INFO(each.name);
    check_moments(
        make_layer_from(conv_text("conv2d_flipout", w, "linear", estimator_key(each.name)),
                        {w.input}),
        w, each.sharing);
  }
}

TEST_CASE("dense layers have the means, variances and covariances of their estimator") {
  const NaiveWindow w{{1, 1, 5}, 5};
  for (const Estimated& each : kCases) {
    INFO(each.name);
    const MadeLayer made = make_layer_from(
        dense_text("dense_flipout", 5, "linear", estimator_key(each.name)), {flat_shape(5)});
    CHECK(check_moments(made, w, each.sharing).shared_draw > 50);
  }
}
