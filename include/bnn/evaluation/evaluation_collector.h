#pragma once
// Turns the predictions of a plan's streams into an Evaluation. Blocks come from a network or from
// files; streams may take turns. Every number depends on the set of a stream's images alone, so
// that parts that were predicted apart give the bits of one run. Not thread-safe.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "bnn/core/thread_pool.h"
#include "bnn/evaluation/evaluation_plan.h"
#include "bnn/infer/class_summaries.h"

namespace bnn {

class EvaluationCollector {
 public:
  /// Called with each summary of the streams of samples and of images from elsewhere, and with
  /// the image's number in block.examples.
  using VisitSummary =
      std::function<void(StreamKind kind, const Summary& summary, std::uint32_t example)>;

  /// Plan and pool must outlive the collector.
  EvaluationCollector(const EvaluationPlan& plan, ThreadPool& pool, VisitSummary visit = {});

  /// @param stream index in plan.streams
  /// @param labels of the block's images; of images from elsewhere they do not matter
  void add(std::size_t stream, const PredictedBlock& block, std::span<const int> labels);
  /// Nothing of this stream will follow: its examples are counted and forgotten.
  void end(std::size_t stream);

  /// @param resamples of the bootstrap; 0: no intervals
  /// @param check as bootstrap_intervals has it
  Evaluation finish(std::size_t resamples, const std::function<void()>& check);

 private:
  void add_samples(const PredictedBlock& block, std::span<const Summary> summaries,
                   std::span<const int> labels);

  const EvaluationPlan& plan_;
  ThreadPool& pool_;
  VisitSummary visit_;
  std::vector<std::optional<MetricsCollector>> collectors_;  // [streams]
  std::vector<MetricValues> ended_;                          // [streams]
  std::vector<std::size_t> sweep_samples_;                   // 1, 2, 4, … samples of each network
  std::vector<MetricsCollector> sweep_;
  std::optional<ConformalCollector> sets_;
  OodScores inside_, outside_;
  std::vector<OodScores> corrupted_;        // [streams]; empty of all others
  std::vector<std::vector<double>> auroc_;  // [streams], of kOodScores: corrupted against inside
};

}  // namespace bnn
