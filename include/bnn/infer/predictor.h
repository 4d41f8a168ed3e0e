#pragma once
// The Monte Carlo posterior predictive: the distributions p(y | x, w_s) of S passes over the same
// images, each with its own draw of every weight, in the numbers that the likelihood gives for them
// (a classifier: the probability of each class).
//
// Sample s draws one perturbation of the weights (stream: seed, s); flipout signs are named by s
// and by each example's stream name (dataset.h), its index in the file. To the last bit, a number
// does not depend on batch size, thread count or the order of files: own products give each row the
// same bits wherever it stands. With OpenBLAS, images run in groups of a fixed size, with gaps
// filled up, and the name of an image decides its place in the group.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "bnn/bayes/likelihood.h"
#include "bnn/core/aligned_array.h"
#include "bnn/core/thread_pool.h"
#include "bnn/data/standardizer.h"
#include "bnn/infer/pass_scorer.h"
#include "bnn/model/chunks.h"
#include "bnn/model/execution.h"
#include "bnn/model/features.h"
#include "bnn/model/graph.h"

namespace bnn {

/// The most images of one task, after which a predictor looks whether it is to stop.
constexpr std::size_t kPredictionGroup = 32;

struct PredictionSpec {
  int samples = 32;
  /// The posterior means and no noise: one deterministic pass, whatever `samples` says.
  bool mean_weights = false;
  std::uint64_t seed = 0;
  Products products = {};
  /// Handed on to what summarises a classifier's predictions (class_summaries.h). The predictions
  /// are not scaled.
  double temperature = 1;
  /// Every sample is one network for all images (weight_samples.h).
  bool shared_draws = false;

  int passes() const { return mean_weights ? 1 : samples; }
};

/// Consecutive images of one call and their predictions [passes][examples.size()][width].
struct PredictedBlock {
  std::size_t first;  // position of the first in the list given to predict
  std::span<const std::uint32_t> examples;
  std::span<const float> predictions;
  std::size_t passes;
  std::size_t width;  // numbers of a prediction: Likelihood::prediction_size
  double temperature = 1;
  std::span<const float> scores = {};  // [passes][examples.size()][score_width], of a scorer
  std::size_t score_width = 0;
};

/// How many examples are predicted at a time, so that their predictions fit 16 MiB.
std::size_t examples_of_a_block(std::size_t passes, std::size_t width);

class Predictor {
 public:
  /// All arguments but spec must outlive the predictor; parameters may change between calls.
  /// @param scorer of further numbers of each pass, or null
  Predictor(const Graph& graph, const Likelihood& likelihood, const AlignedArray& parameters,
            const PredictionSpec& spec, ThreadPool& pool, const PassScorer* scorer = nullptr);

  /// Calls visit for each block of images in order, on the calling thread.
  /// @param examples dataset indices
  void predict(const Dataset& data, const Standardizer& standardizer,
               std::span<const std::uint32_t> examples,
               const std::function<void(const PredictedBlock&)>& visit);

  /// From now on predict calls `check` before every few images, on any of the pool's threads; what
  /// it throws ends predict. A predictor may be used again afterwards.
  void check_often(std::function<void()> check) { check_ = std::move(check); }

  const PredictionSpec& spec() const { return spec_; }

  /// Bytes of everything that a predictor of this graph allocates.
  static std::size_t bytes(const Graph& graph, int threads);

 private:
  void run_block(const Dataset& data, const Standardizer& standardizer,
                 std::span<const std::uint32_t> examples);
  void place(const Dataset& data, std::span<const std::uint32_t> examples);
  void draw_weights(std::uint32_t sample);
  Pass pass(std::uint32_t sample, std::span<const std::uint32_t> names) const;
  void run_group(std::size_t group, int worker, std::uint32_t sample, const Dataset& data,
                 const Standardizer& standardizer, std::span<const std::uint32_t> examples);
  void score_group(int worker, std::span<const std::uint32_t> places, std::uint32_t sample,
                   std::size_t examples);
  std::size_t score_width() const { return scorer_ != nullptr ? scorer_->size() : 0; }

  const Graph& graph_;
  const Likelihood& likelihood_;
  const AlignedArray& parameters_;
  PredictionSpec spec_;
  ThreadPool& pool_;
  const PassScorer* scorer_;
  std::optional<FeatureNode> features_;  // those that the execution keeps
  std::vector<Chunk> chunks_;
  Execution execution_;
  AlignedArray draws_;
  std::size_t group_ = 1;              // examples of one task
  std::vector<std::uint32_t> places_;  // group by group: positions in the block
  std::vector<float> predictions_, scores_;
  std::function<void()> check_;
};

}  // namespace bnn
