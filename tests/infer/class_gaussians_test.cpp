// Class Gaussians against a naive computation in double, with Gauss-Jordan's inverse.

#include "bnn/infer/class_gaussians.h"

#include <algorithm>
#include <cmath>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "bnn/core/random.h"
#include "bnn/infer/ood.h"

namespace bnn {
namespace {

using Matrix = std::vector<std::vector<double>>;

struct LabelledFeatures {
  std::size_t features;
  std::vector<float> values;
  std::vector<int> labels;

  double at(std::size_t row, std::size_t j) const {
    return static_cast<double>(values[row * features + j]);
  }
};

double uniform(std::size_t i) {
  return random_below({.seed = 5, .site = Site::crop}, i, 1 << 20) / double{1 << 20};
}

// Correlated features around a centre for each class; the last one is always 0.
LabelledFeatures some_features(std::size_t rows, std::size_t features, int classes) {
  LabelledFeatures data{features, {}, {}};
  for (std::size_t e = 0; e < rows; ++e) {
    const int label = static_cast<int>(e * 7 % static_cast<std::size_t>(classes));
    data.labels.push_back(label);
    double before = 0;
    for (std::size_t j = 0; j < features; ++j) {
      const double noise = uniform(e * features + j) - 0.5;
      before = 0.6 * before + noise + (static_cast<int>(j) % classes == label ? 2.0 : 0.0);
      data.values.push_back(j + 1 == features ? 0.0f : static_cast<float>(before));
    }
  }
  return data;
}

Matrix naive_means(const LabelledFeatures& data, std::size_t classes) {
  Matrix means(classes, std::vector<double>(data.features));
  for (std::size_t k = 0; k < classes; ++k) {
    double count = 0;
    for (std::size_t e = 0; e < data.labels.size(); ++e) {
      if (data.labels[e] != static_cast<int>(k)) continue;
      count += 1;
      for (std::size_t j = 0; j < data.features; ++j) means[k][j] += data.at(e, j);
    }
    for (double& mean : means[k]) mean /= count;
  }
  return means;
}

Matrix naive_covariance(const LabelledFeatures& data, const Matrix& means) {
  const std::size_t p = data.features;
  Matrix s(p, std::vector<double>(p));
  for (std::size_t e = 0; e < data.labels.size(); ++e) {
    const std::vector<double>& mean = means[static_cast<std::size_t>(data.labels[e])];
    for (std::size_t i = 0; i < p; ++i) {
      for (std::size_t j = 0; j < p; ++j) {
        s[i][j] += (data.at(e, i) - mean[i]) * (data.at(e, j) - mean[j]) /
                   static_cast<double>(data.labels.size());
      }
    }
  }
  return s;
}

// Chen et al.'s formula, with the trace of the product written out.
double naive_shrinkage(const Matrix& s, double n) {
  const auto p = static_cast<double>(s.size());
  double trace = 0, trace_of_square = 0;
  for (std::size_t i = 0; i < s.size(); ++i) {
    trace += s[i][i];
    for (std::size_t j = 0; j < s.size(); ++j) trace_of_square += s[i][j] * s[j][i];
  }
  return std::min(1.0, ((1 - 2 / p) * trace_of_square + trace * trace) /
                           ((n + 1 - 2 / p) * (trace_of_square - trace * trace / p)));
}

Matrix shrunk(Matrix s, double rho) {
  double trace = 0;
  for (std::size_t i = 0; i < s.size(); ++i) trace += s[i][i];
  for (std::size_t i = 0; i < s.size(); ++i) {
    for (double& value : s[i]) value *= 1 - rho;
    s[i][i] += rho * trace / static_cast<double>(s.size());
  }
  return s;
}

Matrix inverse(Matrix a) {
  const std::size_t p = a.size();
  Matrix result(p, std::vector<double>(p));
  for (std::size_t i = 0; i < p; ++i) result[i][i] = 1;
  for (std::size_t i = 0; i < p; ++i) {
    const double pivot = a[i][i];
    for (std::size_t j = 0; j < p; ++j) {
      a[i][j] /= pivot;
      result[i][j] /= pivot;
    }
    for (std::size_t k = 0; k < p; ++k) {
      if (k == i) continue;
      const double factor = a[k][i];
      for (std::size_t j = 0; j < p; ++j) {
        a[k][j] -= factor * a[i][j];
        result[k][j] -= factor * result[i][j];
      }
    }
  }
  return result;
}

double naive_distance(const LabelledFeatures& data, std::size_t row, const Matrix& means,
                      const Matrix& precision) {
  double nearest = 1e300;
  for (const std::vector<double>& mean : means) {
    double distance = 0;
    for (std::size_t i = 0; i < data.features; ++i) {
      for (std::size_t j = 0; j < data.features; ++j) {
        distance += (data.at(row, i) - mean[i]) * precision[i][j] * (data.at(row, j) - mean[j]);
      }
    }
    nearest = std::min(nearest, distance);
  }
  return nearest;
}

ClassGaussians fitted(const LabelledFeatures& data, std::size_t classes, int threads = 1,
                      std::size_t block = 7) {
  ThreadPool pool(threads);
  ClassGaussianFit fit(classes, data.features);
  for (std::size_t first = 0; first < data.labels.size(); first += block) {
    const std::size_t size = std::min(block, data.labels.size() - first);
    fit.add(std::span(data.values).subspan(first * data.features, size * data.features),
            std::span(data.labels).subspan(first, size), pool);
  }
  return fit.finish();
}

std::vector<double> distances(const ClassGaussians& gaussians, const LabelledFeatures& data) {
  std::vector<double> result(data.labels.size());
  MahalanobisDistance(gaussians).compute(data.values, result);
  return result;
}

}  // namespace

TEST_CASE("distances to class Gaussians are those of the explicit inverse") {
  constexpr std::size_t kClasses = 3;
  const std::size_t features = GENERATE(2, 5, 37);
  CAPTURE(features);
  const LabelledFeatures data = some_features(60, features, kClasses);
  const LabelledFeatures others = some_features(97, features, 2);
  const Matrix means = naive_means(data, kClasses);
  const Matrix covariance = naive_covariance(data, means);
  const double rho = naive_shrinkage(covariance, 60);
  const Matrix precision = inverse(shrunk(covariance, rho));
  const ClassGaussians gaussians = fitted(data, kClasses);
  CHECK(gaussians.shrinkage == Approx(rho).epsilon(1e-9));
  CHECK(gaussians.shrinkage > 0);
  CHECK(gaussians.shrinkage < 1);
  for (std::size_t k = 0; k < kClasses; ++k) {
    CHECK(static_cast<double>(gaussians.means[k * features]) == Approx(means[k][0]).epsilon(1e-6));
  }
  const std::vector<double> computed = distances(gaussians, others);
  for (std::size_t row = 0; row < computed.size(); ++row) {
    CHECK(computed[row] == Approx(naive_distance(others, row, means, precision)).epsilon(1e-4));
  }
}

TEST_CASE("class Gaussians have the same bits over threads and blocks") {
  const LabelledFeatures data = some_features(90, 41, 4);
  const ClassGaussians one = fitted(data, 4, 1, 90), many = fitted(data, 4, 3, 11);
  CHECK(one.means == many.means);
  CHECK(one.whitening == many.whitening);
  CHECK(one.shrinkage == many.shrinkage);
  // The distance of a row does not depend on the rows beside it.
  const std::vector<double> together = distances(one, data);
  for (const std::size_t row : {0u, 50u, 89u}) {
    std::vector<double> alone(1);
    MahalanobisDistance(one).compute(std::span(data.values).subspan(row * 41, 41), alone);
    CHECK(alone[0] == together[row]);
  }
}

TEST_CASE("distances find what leaves the directions in which a class varies") {
  // Two classes, wide in the first feature and narrow in the second. Images of another kind lie
  // nearer to a mean than many of training do, but off the line. Five of 21 lie on it.
  LabelledFeatures data{2, {}, {}}, outside{2, {}, {}};
  for (int i = -10; i <= 10; ++i) {
    for (const int label : {0, 1}) {
      data.values.push_back(static_cast<float>(i));
      data.values.push_back(static_cast<float>(10 * label) + (i % 2 == 0 ? 0.1f : -0.1f));
      data.labels.push_back(label);
    }
    outside.values.push_back(static_cast<float>(i % 5));
    outside.values.push_back(i % 5 == 0 ? 0.0f : 3.0f);
    outside.labels.push_back(0);
  }
  const ClassGaussians gaussians = fitted(data, 2);
  // Of 21, the five on the line are at a mean itself and nearer than all of training.
  CHECK(detection(distances(gaussians, data), distances(gaussians, outside)).auroc ==
        Approx(16.0 / 21));
}

TEST_CASE("a class without images is nobody's nearest") {
  const LabelledFeatures data = some_features(30, 4, 2);
  CHECK(distances(fitted(data, 5), data) == distances(fitted(data, 2), data));
}

TEST_CASE("features of equal variance and no correlation are shrunk to them entirely") {
  const std::vector<double> identity = {2, 0, 0, 2};
  CHECK(oracle_shrinkage(identity, 2, 100) == 1);
  const std::vector<double> one = {3};
  CHECK(oracle_shrinkage(one, 1, 100) == 1);
}

TEST_CASE("features that no Gaussian fits are refused") {
  ThreadPool pool(1);
  const std::vector<int> labels = {0, 0, 1};
  ClassGaussianFit empty(2, 2), equal(2, 2), infinite(2, 2);
  CHECK_THROWS_AS(empty.finish(), Error);
  equal.add(std::vector<float>{1, 2, 1, 2, 3, 4}, labels, pool);
  CHECK_THROWS_AS(equal.finish(), Error);
  const std::vector<float> overflow = {1, INFINITY, 1, 2, 3, 4};
  CHECK_THROWS_AS(infinite.add(overflow, labels, pool), Error);
}

}  // namespace bnn
