#pragma once
// One training step, or one prediction, of a small flipout convolution network that can be repeated
// and timed. Images are random bytes: what they show does not change the cost.
//
// The network sees 16 x 16 x 3: 3x3 convolutions of 32 and of `filters` filters, pooling, dense 10.
// What the second convolution and the layers after it cost is proportional to `filters`, the rest
// is not.

#include <cstdint>
#include <memory>
#include <vector>

#include "bnn/bayes/softmax_classifier.h"
#include "bnn/core/aligned_array.h"
#include "bnn/core/thread_pool.h"
#include "bnn/data/dataset.h"
#include "bnn/infer/predictor.h"
#include "bnn/train/trainer.h"

namespace bnn {

struct Workload {
  bool predicts = false;  // instead of training
  int examples = 64;      // of the batch
  int filters = 64;
  int samples = 1;  // Monte Carlo samples of a step, or of the prediction
};

/// Random images of 16 x 16 x 3 with labels below 10.
Dataset random_images(std::size_t examples);

class TimedWorkload {
 public:
  /// @param data at least workload.examples images; it and the pool must outlive this.
  TimedWorkload(const Workload& workload, const Dataset& data, ThreadPool& pool);
  TimedWorkload(const TimedWorkload&) = delete;
  TimedWorkload& operator=(const TimedWorkload&) = delete;

  /// Does it once and returns the seconds that it took, on the clock on the wall.
  double run();

 private:
  void run_once();

  const Dataset& data_;
  Graph graph_;
  SoftmaxClassifier likelihood_;
  std::vector<std::uint32_t> examples_;
  Standardizer standardizer_;
  TrainingLoader loader_;
  AlignedArray parameters_;  // for predictions
  std::unique_ptr<Trainer> trainer_;
  std::unique_ptr<Predictor> predictor_;  // one of the two is null
  std::uint64_t step_ = 0;
};

}  // namespace bnn
