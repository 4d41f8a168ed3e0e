#pragma once
// A trainer of a small network over random images of 4 x 4 x 2 bytes.

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "bnn/train/trainer.h"
#include "support/exact_posterior.h"
#include "support/model_fixtures.h"

namespace bnn::testing {

/// A large epsilon, so that the size of a gradient shows in the step.
inline const AdamSpec kSmallAdam = {.learning_rate = 0.01, .epsilon = 0.05};

inline TrainingSpec small_spec() {
  TrainingSpec spec{.batch_size = 12, .seed = 5, .shards = 4};
  spec.optimizer = adam_optimizer(kSmallAdam);
  spec.kl.weight = 0.7;
  return spec;
}

/// An array of the optimizer's state.
inline AlignedArray& state_array(Trainer& trainer, const std::string& name) {
  for (StateArray& array : trainer.optimizer_state()) {
    if (array.spec.name == name) return array.values;
  }
  throw Error(ErrorKind::internal, "no array " + name);
}

struct TrainerFixture {
  Graph graph;
  SoftmaxClassifier likelihood;
  Dataset data = random_dataset({4, 4, 2, false}, 3, 30, 1);
  TrainingLoader loader{data, indices(30), plain_pixels(data.shape()), {}, 5};
  ThreadPool pool;
  Trainer trainer;

  TrainerFixture(const std::string& model, const TrainingSpec& spec, int threads = 2)
      : TrainerFixture(make_graph(model), spec, threads) {}
  TrainerFixture(Graph made, const TrainingSpec& spec, int threads)
      : graph(std::move(made)),
        likelihood(classifier_of(graph)),
        pool(threads),
        trainer(graph, likelihood, Targets(data.labels()), spec, loader, pool) {}

  Slice slice(const std::string& name) const {
    return graph.layout().variables()[variable_index(graph.layout(), name)].slice;
  }
  std::span<float> values(AlignedArray& array, const std::string& name) const {
    return array.span().subspan(slice(name).offset, slice(name).size);
  }
  AlignedArray& state(const std::string& name) { return state_array(trainer, name); }
  std::span<float> parameter(const std::string& name) { return values(trainer.parameters(), name); }
};

/// KL of one tensor from Normal(loc, scale), its present variables in double.
inline double exact_kl(TrainerFixture& f, const std::string& tensor, double scale = 1.0,
                       double loc = 0.0) {
  const auto mu = f.parameter(tensor + "_posterior_loc");
  const auto u = f.parameter(tensor + "_posterior_untransformed_scale");
  double sum = 0.0;
  for (std::size_t i = 0; i < mu.size(); ++i) {
    const double r = exact_sigma(u[i]) / scale, d = (mu[i] - loc) / scale;
    sum += (d * d + r * r - 1.0) / 2 - std::log(r);
  }
  return sum;
}

/// Random tensors that have a KL.
inline std::size_t divergences(const Graph& graph) {
  const auto& tensors = graph.layout().random_tensors();
  return static_cast<std::size_t>(std::count_if(
      tensors.begin(), tensors.end(), [](const RandomTensor& t) { return t.prior.has_value(); }));
}

}  // namespace bnn::testing
