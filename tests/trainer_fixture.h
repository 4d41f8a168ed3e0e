#pragma once
// A trainer of a small network over random images of 4 x 4 x 2 bytes.

#include <span>
#include <string>
#include <vector>

#include "bnn/train/trainer.h"
#include "model_fixtures.h"

namespace bnn::testing {

/// A large epsilon, so that the size of a gradient shows in the step.
inline TrainingSpec small_spec() {
  TrainingSpec spec{.batch_size = 12, .seed = 5, .shards = 4};
  spec.adam = {.learning_rate = 0.01, .epsilon = 0.05};
  spec.kl.weight = 0.7;
  return spec;
}

struct TrainerFixture {
  Graph graph;
  Dataset data = random_dataset({4, 4, 2, false}, 3, 30, 1);
  Loader loader{data, indices(30), plain_pixels(data.shape), false, 0, 5};
  ThreadPool pool;
  Trainer trainer;

  TrainerFixture(const std::string& model, const TrainingSpec& spec, int threads = 2)
      : graph(make_graph(model)), pool(threads), trainer(graph, spec, loader, pool) {}

  Slice slice(const std::string& name) const {
    return graph.layout().variables()[variable_index(graph.layout(), name)].slice;
  }
  std::span<float> values(AlignedArray& array, const std::string& name) const {
    return array.span().subspan(slice(name).offset, slice(name).size);
  }
  std::span<float> parameter(const std::string& name) { return values(trainer.parameters(), name); }
};

}  // namespace bnn::testing
