#pragma once
// A Gaussian for each class in the space of a network's features, with one covariance for all, and
// the distance of an image to the nearest: the Mahalanobis score of Lee et al., "A Simple Unified
// Framework for Detecting Out-of-Distribution Samples and Adversarial Attacks", NeurIPS 2018.
//
//     mu_k = mean of the features f of the images of class k
//     S    = 1/N sum over all images of (f - mu_y) (f - mu_y)^T
//     C    = (1 - rho) S + rho (tr S / p) I                    p features
//     M(f) = min over k of (f - mu_k)^T C^-1 (f - mu_k)        high: unlike every class
//
// The shrinkage rho is the oracle approximating one of Chen, Wiesel, Eldar and Hero, "Shrinkage
// Algorithms for MMSE Covariance Estimation", IEEE Transactions on Signal Processing 58 (2010),
// which follows from S and N alone, so that one pass over the images is enough:
//     rho  = min(1, ((1 - 2/p) tr S^2 + (tr S)^2) / ((N + 1 - 2/p) (tr S^2 - (tr S)^2 / p)))
// It makes C regular where features are always 0 or follow from each other.
//
// All sums are taken in double precision, images in order: the bits do not depend on threads.

#include <cstddef>
#include <span>
#include <vector>

#include "bnn/core/thread_pool.h"

namespace bnn {

/// Plain values, in the precision of their file.
struct ClassGaussians {
  std::size_t classes = 0, features = 0;
  std::vector<float> counts = {};     // [classes] images; a class without any is nobody's nearest
  std::vector<float> means = {};      // [classes][features]
  std::vector<float> whitening = {};  // [features][features] W, upper triangular, W W^T = C^-1
  double shrinkage = 0;
};

/// Takes in the features of images, a block at a time. Memory: 8 bytes times features squared. Not
/// thread-safe.
class ClassGaussianFit {
 public:
  ClassGaussianFit(std::size_t classes, std::size_t features);

  /// @param features [labels.size()][features]. Throws Error(numerical) if one is not finite.
  void add(std::span<const float> features, std::span<const int> labels, ThreadPool& pool);

  /// Throws Error(numerical) if there were no images, or if no feature differs within a class.
  ClassGaussians finish() const;

 private:
  std::vector<double> within_class_covariance() const;

  std::size_t classes_, features_, images_ = 0;
  std::vector<double> counts_, sums_;  // [classes], [classes][features]
  std::vector<double> products_;       // [features][features] sums of f f^T, upper triangle
};

/// The shrinkage above of a covariance [features][features], of which the upper triangle is read.
double oracle_shrinkage(std::span<const double> covariance, std::size_t features,
                        std::size_t images);

/// M of feature vectors. Immutable and thread-safe.
class MahalanobisDistance {
 public:
  /// @param gaussians must outlive this; at least one class has images
  explicit MahalanobisDistance(const ClassGaussians& gaussians);

  /// @param features [rows][features of the Gaussians]
  /// @param distances [rows], squared
  void compute(std::span<const float> features, std::span<double> distances) const;

 private:
  void whiten(std::span<const float> features, std::span<double> whitened) const;

  const ClassGaussians& gaussians_;
  std::vector<double> means_;  // [classes with images][features], whitened
};

}  // namespace bnn
