#pragma once
// Means and covariances of a layer's outputs over many draws of its noise, conditional on the
// inputs, against what theory says of them.
//
// If outputs y of example b at pixel p and filter f, and y' of example b' at pixel p', see the same
// sample of the kernel, their covariance is
//
//     sum over taps k and channels c of x_b[p + k, c] x_b'[p' + k, c] sigma²[k, c, f]
//
// and 0 across filters. Estimators differ in which outputs see the same sample.

#include <algorithm>
#include <cmath>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "support/layer_fixture.h"

namespace bnn::testing {

constexpr int kDraws = 20000;
constexpr int kExamples = 3;

/// Which outputs of one filter see one sample of the kernel.
struct Sharing {
  bool examples;  // of different examples too
  bool pixels;    // different pixels of one example
};

/// The worst z-scores, and what separates estimators: the largest z-scores that covariances would
/// have if outputs shared a sample, for the first and last pixel of one image and for two examples.
struct Moments {
  double worst_mean = 0.0, worst_variance = 0.0, worst_covariance = 0.0;
  double distant_pixels = 0.0, shared_draw = 0.0;
};

/// What each kernel element of one filter is multiplied by: [output pixel][tap, channel].
inline std::vector<Numbers> coefficients(NaiveWindow w, const double* image) {
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

/// Covariance of two outputs if both see the same sample of filter f.
inline double shared_covariance(const Numbers& a, const Numbers& b, const Numbers& sigma,
                                std::size_t f, std::size_t filters) {
  double sum = 0.0;
  for (std::size_t e = 0; e < a.size(); ++e) {
    const double s = sigma[e * filters + f];
    sum += a[e] * b[e] * s * s;
  }
  return sum;
}

/// Sums over draws of y, and of products of deviations from the known means and their squares.
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

/// Draws what the layer's kernel asks for (Draw) once a pass, as a training step does, and lets the
/// layer draw the noise of its examples.
inline Sums draw_outputs(LayerRun& run, const Numbers& means, const Numbers& sigma) {
  Sums sums(means);
  std::mt19937_64 random(12);
  std::normal_distribution<double> normal;
  const Draw kind = run.made.layout.random_tensors()[0].draw;
  const Slice loc = run.made.layout.variables()[0].slice;
  const Slice slice = run.made.layout.variables()[1].slice;
  for (int draw = 0; draw < kDraws; ++draw) {
    for (std::size_t e = 0; e < sigma.size(); ++e) {
      double value = sigma[e];
      if (kind != Draw::scale) value *= normal(random);
      if (kind == Draw::sample) value += run.parameters[loc.offset + e];
      run.draws[slice.offset + e] = static_cast<float>(value);
    }
    run.pass.noise.step = static_cast<std::uint32_t>(draw);
    sums.add(run.forward());
  }
  return sums;
}

/// Images with a common part, so that a sample shared by examples would show.
inline std::vector<float> related_images(std::size_t size) {
  std::vector<float> images;
  const auto common = random_numbers(size, 31);
  for (std::uint32_t b = 0; b < kExamples; ++b) {
    const auto own = random_numbers(size, 32 + b, 0.5f);
    for (std::size_t i = 0; i < size; ++i) images.push_back(common[i] + own[i]);
  }
  return images;
}

/// The moments of a layer with weights and a linear activation.
inline Moments measure_moments(const MadeLayer& made, const NaiveWindow& w,
                               const Sharing& sharing) {
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
      const bool shares = same_example ? p == q || sharing.pixels : sharing.examples;
      const double error = sums.standard_error(i, j);
      const double z = std::abs(sums.covariance(i, j) - (shares ? shared : 0.0)) / error;
      double& worst = i == j ? moments.worst_variance : moments.worst_covariance;
      worst = std::max(worst, z);
      if (same_example && p == q + w.pixels() - 1) {
        moments.distant_pixels = std::max(moments.distant_pixels, std::abs(shared) / error);
      } else if (!same_example) {
        moments.shared_draw = std::max(moments.shared_draw, std::abs(shared) / error);
      }
    }
  }
  return moments;
}

}  // namespace bnn::testing
