#pragma once
// The posterior predictive of several networks at once: a deep ensemble (Lakshminarayanan et al.,
// NIPS 2017), or a mixture of approximate posteriors. One network is an ensemble of one.
//
// Every member has the same weight. Each gives S passes, its Monte Carlo samples; sample s of
// member m is pass s M + m of M S, so that the first passes are of as many members as they can be.
// A member without noise runs once, and its pass stands for all of its S. If no member has noise,
// S is 1. Each member standardises images as in its training.

#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "bnn/core/aligned_array.h"
#include "bnn/core/thread_pool.h"
#include "bnn/data/standardizer.h"
#include "bnn/infer/predictor.h"
#include "bnn/model/graph.h"

namespace bnn {

/// What is referred to must outlive the predictor.
struct EnsembleMember {
  const Graph& graph;
  const AlignedArray& parameters;
  const Standardization& standardization;
  PredictionSpec spec;
  const PassScorer* scorer = nullptr;  // all or no members have one, of one size
};

class EnsemblePredictor {
 public:
  /// likelihood and pool must outlive the predictor.
  /// @param likelihood of every member: predictions of different kinds cannot be mixed
  /// @param members at least one; of one input shape; S is the most passes of one
  EnsemblePredictor(const Likelihood& likelihood, const std::vector<EnsembleMember>& members,
                    ThreadPool& pool);

  /// Passes of an image, all members together.
  std::size_t passes() const { return samples_ * members_.size(); }

  /// Numbers of a prediction; for classifiers the number of classes.
  std::size_t width() const { return width_; }

  /// As Predictor::check_often.
  void check_often(const std::function<void()>& check);

  /// Calls visit for each block of images in order, on the calling thread.
  /// @param examples dataset indices
  void predict(const Dataset& data, std::span<const std::uint32_t> examples,
               const std::function<void(const PredictedBlock&)>& visit);

 private:
  struct Member {
    Predictor predictor;
    Standardizer standardizer;
  };

  void collect(std::size_t member, const PredictedBlock& part, std::size_t examples);

  std::deque<Member> members_;
  std::size_t samples_;
  std::size_t width_;
  double temperature_;  // of the first member
  std::size_t score_width_;
  std::vector<float> predictions_;  // [passes][examples of the block][width]
  std::vector<float> scores_;       // [passes][examples of the block][score_width]
};

}  // namespace bnn
