#pragma once
// A training run in memory: config, network, data and trainer.

#include <memory>
#include <string>

#include "bnn/bayes/likelihood.h"
#include "bnn/config/run_config.h"
#include "bnn/core/thread_pool.h"
#include "bnn/data/training_loader.h"
#include "bnn/model/graph.h"
#include "bnn/train/trainer.h"
#include "bnn/training/training_data.h"

namespace bnn {

struct Run {
  RunConfig config;  // its `resolved` also says what was measured of the data
  Graph graph;
  std::unique_ptr<const Likelihood> likelihood;
  TrainingData data;
  TrainingLoader loader;
  ThreadPool pool;
  Trainer trainer;

  /// The parameters have their initial values.
  /// @param plan training_plan for as many threads and processes as train
  /// @param exchange with the other processes, which must outlive the run; null: there are none
  Run(RunConfig config, Graph graph, TrainingData data, ExecutionPlan plan,
      Exchange* exchange = nullptr);
  Run(const Run&) = delete;  // its parts point to each other
  Run& operator=(const Run&) = delete;

  /// The config as checkpoints store it. It does not name the data's directory, since a checkpoint
  /// must not make anyone open a path.
  Json checkpoint_config() const;
  /// The config as the run's own folder stores it, with the directory that the data came from.
  Json folder_config() const;

  bool validates() const { return !data.split.validation.empty(); }
};

/// Bytes of everything that training this network allocates, and validating where the config holds
/// examples out; without the data.
std::size_t run_bytes(const RunConfig& config, const Graph& graph, const ExecutionPlan& plan);

}  // namespace bnn
