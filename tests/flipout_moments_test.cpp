// Flipout as a distribution over many draws of perturbation and signs, conditional on the inputs.
//
// Every weight matrix is one posterior sample, so output y of example b at pixel p and filter f has
//     mean        conv(x_b, M) + bias
//     covariance  sum over taps k and channels c of x_b[p + k, c] x_b'[p' + k, c] sigma²[k, c, f]
// for b = b' and f = f', pixels of one image included, and 0 between examples and filters.

#include <catch2/catch.hpp>

#include "conv_pair.h"
#include "layer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

constexpr int kDraws = 20000;
constexpr int kExamples = 3;

// One z-score for each pair of outputs, and what separates the estimators that are not flipout.
struct Moments {
  double worst_mean = 0.0, worst_covariance = 0.0;
  // The largest covariance, in standard errors, of the first and the last pixel of one image, whose
  // windows do not overlap, and of two examples if they shared one draw.
  double distant_pixels = 0.0, shared_draw = 0.0;
};

// What each kernel element of one filter is multiplied by: [output pixel][tap, channel].
std::vector<Numbers> coefficients(NaiveWindow w, const double* image) {
  w.filters = 1;
  const auto elements = static_cast<std::size_t>(w.kernel[0] * w.kernel[1] * w.input.channels);
  std::vector<Numbers> rows(w.pixels(), Numbers(elements));
  for (std::size_t e = 0; e < elements; ++e) {
    Numbers unit(elements, 0.0);
    unit[e] = 1.0;
    const Numbers y = naive_conv(w, image, unit.data());
    for (std::size_t pixel = 0; pixel < y.size(); ++pixel) rows[pixel][e] = y[pixel];
  }
  return rows;
}

// Covariance of two outputs if both see the same draw of filter f.
double shared_covariance(const Numbers& a, const Numbers& b, const Numbers& sigma, std::size_t f,
                         std::size_t filters) {
  double sum = 0.0;
  for (std::size_t e = 0; e < a.size(); ++e) {
    const double s = sigma[e * filters + f];
    sum += a[e] * b[e] * s * s;
  }
  return sum;
}

// Sums over draws of y, and of products of deviations from the known means and their squares.
struct Sums {
  explicit Sums(Numbers known_means)
      : means(std::move(known_means)),
        first(means.size(), 0.0),
        second(means.size() * means.size(), 0.0),
        fourth(second) {}

  void add(std::span<const float> y) {
    Numbers deviation(means.size());
    for (std::size_t i = 0; i < means.size(); ++i) deviation[i] = y[i] - means[i];
    for (std::size_t i = 0; i < means.size(); ++i) {
      first[i] += deviation[i];
      for (std::size_t j = 0; j <= i; ++j) {
        const double product = deviation[i] * deviation[j];
        second[i * means.size() + j] += product;
        fourth[i * means.size() + j] += product * product;
      }
    }
  }
  double covariance(std::size_t i, std::size_t j) const {
    return second[i * means.size() + j] / kDraws;
  }
  double standard_error(std::size_t i, std::size_t j) const {
    const double mean = covariance(i, j);
    return std::sqrt((fourth[i * means.size() + j] / kDraws - mean * mean) / kDraws);
  }

  Numbers means, first, second, fourth;
};

// Draws D = sigma ∘ noise once a pass, as a training step does, and lets the layer draw its signs.
Sums draw_outputs(LayerRun& run, const Numbers& means, const Numbers& sigma) {
  Sums sums(means);
  std::mt19937_64 random(12);
  std::normal_distribution<double> normal;
  const Slice slice = run.made.layout.variables()[1].slice;
  for (int draw = 0; draw < kDraws; ++draw) {
    for (std::size_t e = 0; e < sigma.size(); ++e) {
      run.draws[slice.offset + e] = static_cast<float>(sigma[e] * normal(random));
    }
    run.pass.noise.step = static_cast<std::uint32_t>(draw);
    sums.add(run.forward());
  }
  return sums;
}

// Images with a common part, so that a perturbation shared by examples would show.
std::vector<float> related_images(std::size_t size) {
  std::vector<float> images;
  const auto common = random_numbers(size, 31);
  for (std::uint32_t b = 0; b < kExamples; ++b) {
    const auto own = random_numbers(size, 32 + b, 0.5f);
    for (std::size_t i = 0; i < size; ++i) images.push_back(common[i] + own[i]);
  }
  return images;
}

Moments measure(const MadeLayer& made, const NaiveWindow& w) {
  LayerRun run(made, kExamples);
  run.inputs[0] = related_images(w.input.size());
  const auto filters = static_cast<std::size_t>(w.filters);
  Numbers sigma = to_numbers(random_numbers(made.layout.variables()[1].slice.size, 21, 0.4f));
  for (double& s : sigma) s = 0.1 + std::abs(s);
  const NaiveState state = run.naive_state();
  const Numbers means =
      naive_weights_layer(w, "linear", made.layout, {.noise = {}, .noisy = false})(state);
  std::vector<Numbers> rows;  // of every example, pixel by pixel
  for (int b = 0; b < kExamples; ++b) {
    const auto own =
        coefficients(w, state.inputs[0].data() + static_cast<std::size_t>(b) * w.input.size());
    rows.insert(rows.end(), own.begin(), own.end());
  }
  const Sums sums = draw_outputs(run, means, sigma);
  Moments moments;
  for (std::size_t i = 0; i < means.size(); ++i) {
    const double deviation = std::sqrt(sums.covariance(i, i) / kDraws);
    moments.worst_mean = std::max(moments.worst_mean, std::abs(sums.first[i]) / kDraws / deviation);
    for (std::size_t j = 0; j <= i; ++j) {
      const std::size_t p = i / filters, q = j / filters;  // counted over all examples
      const bool same_example = p / w.pixels() == q / w.pixels();
      const bool same_filter = i % filters == j % filters;
      const double shared =
          same_filter ? shared_covariance(rows[p], rows[q], sigma, i % filters, filters) : 0.0;
      const double expected = same_example ? shared : 0.0;
      const double error = sums.standard_error(i, j);
      moments.worst_covariance =
          std::max(moments.worst_covariance, std::abs(sums.covariance(i, j) - expected) / error);
      if (same_example && p == q + w.pixels() - 1) {
        moments.distant_pixels = std::max(moments.distant_pixels, std::abs(expected) / error);
      } else if (!same_example) {
        moments.shared_draw = std::max(moments.shared_draw, std::abs(shared) / error);
      }
    }
  }
  return moments;
}

}  // namespace

TEST_CASE("flipout convolutions have the moments of independent posterior samples an example") {
  // As many channels as filters, so that one stream for both kinds of signs would show.
  const NaiveWindow w{{4, 3, 2}, 2, {2, 2}, {1, 1}};
  const ConvPair pair(w, "linear");
  for (const MadeLayer* made : {&pair.per_example, &pair.two_product}) {
    const Moments moments = measure(*made, w);
    CHECK(moments.worst_mean < 5);
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
  CHECK(moments.worst_covariance < 5);
}

TEST_CASE("dense flipout layers have the moments of independent posterior samples an example") {
  const NaiveWindow w{{1, 1, 6}, 6};
  const MadeLayer made =
      make_layer_from(R"({"type": "dense_flipout", "units": 6})", {flat_shape(6)});
  const Moments moments = measure(made, w);
  CHECK(moments.worst_mean < 5);
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
