#include "bnn/infer/class_gaussians.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "bnn/core/error.h"
#include "bnn/core/vector_loop.h"

namespace bnn {
namespace {

// Rows of the matrix of products that one task adds to, so that they stay in the cache.
constexpr std::size_t kTaskRows = 16;

// y += a x, rounded as it is written here on every processor.
template <typename Float>
void add_scaled(double a, const Float* x, std::size_t size, double* y) {
  run_vectorized([=]<MultiplyAdd kind>() {
    for (std::size_t j = 0; j < size; ++j) y[j] += a * static_cast<double>(x[j]);
  });
}

// In a fixed number of partial sums, which a processor adds at the same time.
double squared_distance(const double* a, const double* b, std::size_t size) {
  constexpr std::size_t kSums = 8;
  std::array<double, kSums> sums = {};
  for (std::size_t j = 0; j < size; ++j) {
    const double difference = a[j] - b[j];
    sums[j % kSums] += difference * difference;
  }
  double sum = 0;
  for (const double part : sums) sum += part;
  return sum;
}

// The factor U of A = U^T U, upper triangular, in place of the upper triangle of A.
void factorize(std::vector<double>& a, std::size_t size) {
  for (std::size_t k = 0; k < size; ++k) {
    double* row = a.data() + k * size;
    if (!(row[k] > 0)) {
      throw Error(ErrorKind::numerical, "the covariance of the features is not positive definite");
    }
    const double root = std::sqrt(row[k]);
    for (std::size_t j = k; j < size; ++j) row[j] /= root;
    for (std::size_t i = k + 1; i < size; ++i) {
      if (row[i] != 0) add_scaled(-row[i], row + i, size - i, a.data() + i * size + i);
    }
  }
}

// The inverse of an upper triangular matrix, with zeros below the diagonal.
std::vector<double> inverse_of_triangle(const std::vector<double>& u, std::size_t size) {
  std::vector<double> inverse(size * size, 0.0);
  for (std::size_t i = size; i-- > 0;) {
    double* row = inverse.data() + i * size;
    for (std::size_t k = i + 1; k < size; ++k) {
      const double factor = u[i * size + k];
      if (factor != 0) add_scaled(factor, inverse.data() + k * size + k, size - k, row + k);
    }
    const double pivot = u[i * size + i];
    for (std::size_t j = i + 1; j < size; ++j) row[j] /= -pivot;
    row[i] = 1 / pivot;
  }
  return inverse;
}

std::vector<float> rounded(const std::vector<double>& values) {
  std::vector<float> result(values.size());
  std::transform(values.begin(), values.end(), result.begin(),
                 [](double value) { return static_cast<float>(value); });
  return result;
}

double trace(std::span<const double> matrix, std::size_t size) {
  double sum = 0;
  for (std::size_t i = 0; i < size; ++i) sum += matrix[i * size + i];
  return sum;
}

}  // namespace

double oracle_shrinkage(std::span<const double> covariance, std::size_t features,
                        std::size_t images) {
  const auto p = static_cast<double>(features), n = static_cast<double>(images);
  const double mean_part = std::pow(trace(covariance, features), 2);
  double squares = 0;  // tr S^2
  for (std::size_t i = 0; i < features; ++i) {
    for (std::size_t j = i; j < features; ++j) {
      squares += (i == j ? 1 : 2) * std::pow(covariance[i * features + j], 2);
    }
  }
  const double spread = squares - mean_part / p;
  if (!(spread > 0)) return 1;  // S is the identity, scaled
  return std::min(1.0, ((1 - 2 / p) * squares + mean_part) / ((n + 1 - 2 / p) * spread));
}

ClassGaussianFit::ClassGaussianFit(std::size_t classes, std::size_t features)
    : classes_(classes),
      features_(features),
      counts_(classes),
      sums_(classes * features),
      products_(features * features) {}

void ClassGaussianFit::add(std::span<const float> features, std::span<const int> labels,
                           ThreadPool& pool) {
  if (!std::all_of(features.begin(), features.end(), [](float f) { return std::isfinite(f); })) {
    throw Error(ErrorKind::numerical, "the features of a training image are not finite");
  }
  images_ += labels.size();
  for (std::size_t e = 0; e < labels.size(); ++e) {
    const auto k = static_cast<std::size_t>(labels[e]);
    counts_[k] += 1;
    add_scaled(1, features.data() + e * features_, features_, sums_.data() + k * features_);
  }
  pool.run((features_ + kTaskRows - 1) / kTaskRows, [&](std::size_t task, int) {
    const std::size_t begin = task * kTaskRows, end = std::min(begin + kTaskRows, features_);
    for (std::size_t e = 0; e < labels.size(); ++e) {
      const float* f = features.data() + e * features_;
      for (std::size_t i = begin; i < end; ++i) {
        if (f[i] == 0) continue;  // as rectified features often are
        add_scaled(static_cast<double>(f[i]), f + i, features_ - i,
                   products_.data() + i * features_ + i);
      }
    }
  });
}

// S; of its upper triangle.
std::vector<double> ClassGaussianFit::within_class_covariance() const {
  std::vector<double> covariance = products_;
  const auto n = static_cast<double>(images_);
  for (std::size_t i = 0; i < features_; ++i) {
    double* row = covariance.data() + i * features_;
    for (std::size_t k = 0; k < classes_; ++k) {
      const double* sums = sums_.data() + k * features_;
      if (counts_[k] > 0) add_scaled(-sums[i] / counts_[k], sums + i, features_ - i, row + i);
    }
    for (std::size_t j = i; j < features_; ++j) row[j] /= n;
    row[i] = std::max(row[i], 0.0);  // of a feature that never differs, rounding may leave less
  }
  return covariance;
}

ClassGaussians ClassGaussianFit::finish() const {
  if (images_ == 0) throw Error(ErrorKind::numerical, "no training images to take features of");
  std::vector<double> covariance = within_class_covariance();
  const double mean_variance = trace(covariance, features_) / static_cast<double>(features_);
  if (!(mean_variance > 0)) {
    throw Error(ErrorKind::numerical, "the features of all training images of a class are equal");
  }
  const double rho = oracle_shrinkage(covariance, features_, images_);
  for (std::size_t i = 0; i < features_; ++i) {
    double* row = covariance.data() + i * features_;
    for (std::size_t j = i; j < features_; ++j) row[j] *= 1 - rho;
    row[i] += rho * mean_variance;
  }
  factorize(covariance, features_);
  std::vector<double> means = sums_;
  for (std::size_t k = 0; k < classes_; ++k) {
    if (counts_[k] == 0) continue;
    for (std::size_t j = 0; j < features_; ++j) means[k * features_ + j] /= counts_[k];
  }
  return {classes_,
          features_,
          rounded(counts_),
          rounded(means),
          rounded(inverse_of_triangle(covariance, features_)),
          rho};
}

MahalanobisDistance::MahalanobisDistance(const ClassGaussians& gaussians) : gaussians_(gaussians) {
  const std::size_t size = gaussians.features;
  for (std::size_t k = 0; k < gaussians.classes; ++k) {
    if (gaussians.counts[k] == 0) continue;
    means_.resize(means_.size() + size);
    whiten(std::span(gaussians.means).subspan(k * size, size), std::span(means_).last(size));
  }
}

// f W of every row, which takes in the rows of W one after the other.
void MahalanobisDistance::whiten(std::span<const float> features,
                                 std::span<double> whitened) const {
  const std::size_t size = gaussians_.features, rows = features.size() / size;
  std::fill(whitened.begin(), whitened.end(), 0.0);
  for (std::size_t i = 0; i < size; ++i) {
    const float* w = gaussians_.whitening.data() + i * size;
    for (std::size_t row = 0; row < rows; ++row) {
      const auto f = static_cast<double>(features[row * size + i]);
      if (f != 0) add_scaled(f, w + i, size - i, whitened.data() + row * size + i);
    }
  }
}

void MahalanobisDistance::compute(std::span<const float> features,
                                  std::span<double> distances) const {
  const std::size_t size = gaussians_.features;
  std::vector<double> whitened(features.size());
  whiten(features, whitened);
  for (std::size_t row = 0; row < distances.size(); ++row) {
    double nearest = std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < means_.size(); k += size) {
      nearest = std::min(nearest,
                         squared_distance(whitened.data() + row * size, means_.data() + k, size));
    }
    distances[row] = nearest;
  }
}

}  // namespace bnn
