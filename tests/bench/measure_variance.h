#pragma once
// The variance of a mini-batch gradient of the mean negative log likelihood, at fixed parameters.
//
// Batches are drawn from the training images with replacement. With DataMode::resampled every
// repeat has its own batch and its own noise. With DataMode::fixed the repeats of a group share one
// batch and only the noise differs, which leaves the part of the variance that noise causes,
// averaged over batches. The same batches are used for every estimator.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bnn/bayes/softmax_classifier.h"
#include "bnn/data/training_loader.h"
#include "bnn/train/batch_gradient.h"
#include "grouped_variance.h"

namespace bnn {

/// Repeats of one group.
constexpr int kGroup = 4;

enum class DataMode { resampled, fixed };

/// The variance over one kind of variables of one layer's kernel, or of all.
struct KernelVariance {
  std::string layer;  // or "all"
  bool is_scale = false;
  Estimate variance = {};
};

class VarianceMeasurement {
 public:
  /// All arguments must outlive this.
  /// @param examples what batches are drawn from: dataset indices.
  /// @param spec largest batch size, seed and shards; samples = 1.
  VarianceMeasurement(const Graph& graph, const Targets& targets, const float* parameters,
                      const TrainingLoader& loader, std::span<const std::uint32_t> examples,
                      const TrainingSpec& spec, ThreadPool& pool);

  /// Means and untransformed scales of each trainable random kernel, then of all. Throws
  /// Error(numerical) on a gradient that is not finite.
  std::vector<KernelVariance> measure(DataMode mode, int batch_size, int groups);

 private:
  struct Kernel {
    std::string layer;
    Slice loc, scale;
  };
  /// The values of the groups so far.
  struct Values {
    std::vector<double> loc, scale;
  };

  void find_kernels(const ParameterLayout& layout);
  void draw_batch(int batch_size);
  void run_group(DataMode mode, int batch_size);
  void add_group(std::vector<Values>& values) const;
  double group_variance(const Slice& slice) const;

  const float* parameters_;
  std::span<const std::uint32_t> examples_;
  std::uint64_t seed_;
  SoftmaxClassifier likelihood_;
  BatchGradient gradient_;
  std::vector<Kernel> kernels_;
  std::vector<AlignedArray> rows_;    // the gradients of one group
  std::vector<std::uint32_t> batch_;  // dataset indices
  std::uint32_t repeat_ = 0;          // names batches and noise
};

}  // namespace bnn
