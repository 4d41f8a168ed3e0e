#pragma once
// A small network around one layer, with its data and its trainer:
//
//     image 6 x 6 x 2 -> first (conv2d 1x1) -> before -> LAYER -> after -> logits (dense) -> end
//
// "before", "after" and "end" are where faults come from (fault_layer.h). A layer that reads
// vectors has a flatten and a dense layer before it.

#include <memory>
#include <string>

#include "bnn/config/run_config.h"
#include "bnn/train/trainer.h"
#include "fault_layer.h"
#include "rows.h"

namespace bnn::proof {

class Rig {
 public:
  static constexpr std::size_t kExamples = 12;

  Rig(const LayerRow& layer, const TrainingRow& training);
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  Fault fault = {};

  const RunConfig& config() const { return config_; }
  const Graph& graph() const { return graph_; }
  const Likelihood& likelihood() const { return *likelihood_; }
  const Dataset& data() const { return data_; }
  const Standardization& standardization() const { return standardization_; }
  ThreadPool& pool() { return pool_; }
  Trainer& trainer() { return trainer_; }

  /// A step on all examples.
  void step(std::uint64_t number);
  /// The values of a variable in an array of the layout.
  std::span<float> values(AlignedArray& array, const Variable& variable) const;

 private:
  RunConfig config_;
  Graph graph_;
  std::unique_ptr<const Likelihood> likelihood_;
  Dataset data_;
  Standardization standardization_;
  TrainingLoader loader_;
  ThreadPool pool_{1};
  Trainer trainer_;
};

}  // namespace bnn::proof
