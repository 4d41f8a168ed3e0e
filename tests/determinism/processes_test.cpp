// Several processes, here threads with an exchange each, train with the bits of one process.

#include <algorithm>
#include <functional>
#include <span>

#include <catch2/catch.hpp>

#include "bnn/train/ivon.h"
#include "bnn/train/sgd.h"
#include "support/thread_transport.h"
#include "support/trainer_fixture.h"

namespace bnn::testing {
namespace {

const std::string kInput = R"({"input": {"height": 6, "width": 6, "channels": 2}, "layers": [)";

// Every estimator, layers that share their weights, a constraint, a regularizer, a prior that is
// trained, and enough weights to be cut among the processes.
const std::string kEstimators = kInput + R"(
    {"type": "conv2d_flipout", "filters": 6, "kernel_size": 3, "padding": "same",
     "activation": "relu", "bias_posterior_fn": {"is_singular": false},
     "kernel_prior_fn": {"loc": 0.2, "scale": 0.7, "trainable": true}},
    {"type": "conv2d_reparameterization", "name": "shared", "filters": 6, "kernel_size": 3,
     "padding": "same", "activation": "relu"},
    {"type": "conv2d_reparameterization", "name": "shared", "activation": "relu", "reuse": true},
    {"type": "conv2d_local_reparameterization", "filters": 5, "kernel_size": 2,
     "kernel_posterior_fn": {"loc_constraint": {"type": "max_norm", "max": 0.3}}},
    {"type": "depthwise_conv2d_flipout", "kernel_size": 2, "estimator": "independent"},
    {"type": "flatten"},
    {"type": "dense_flipout", "units": 90, "activation": "relu",
     "activity_regularizer": {"l2": 0.01}},
    {"type": "dense_flipout", "name": "square", "units": 90, "activation": "relu"},
    {"type": "dense_flipout", "name": "square", "activation": "relu", "reuse": true},
    {"type": "dense_flipout", "name": "square", "reuse": true},
    {"type": "dense", "name": "plain", "units": 30, "kernel_regularizer": {"l2": 0.01}},
    {"type": "dropout", "rate": 0.2},
    {"type": "dense_local_reparameterization", "name": "logits", "units": 3}]})";

// A residual network with both kinds of normalisation, small enough for whole sums.
const std::string kResidual = kInput + R"(
    {"type": "conv2d_flipout", "name": "first", "filters": 4, "kernel_size": 3, "padding": "same",
     "bias_posterior_fn": null},
    {"type": "batch_normalization", "activation": "relu"},
    {"type": "conv2d_flipout", "filters": 4, "kernel_size": 3, "padding": "same"},
    {"type": "filter_response_normalization", "name": "branch"},
    {"type": "add", "inputs": ["first", "branch"]},
    {"type": "global_average_pooling2d"},
    {"type": "dense_flipout", "name": "logits", "units": 3}]})";

// Without what the variational Newton optimizer refuses.
const std::string kPlain = kInput + R"(
    {"type": "conv2d_flipout", "filters": 6, "kernel_size": 3, "activation": "relu"},
    {"type": "flatten"},
    {"type": "dense_flipout", "units": 110, "activation": "relu"},
    {"type": "dense", "name": "point", "units": 8},
    {"type": "dense_flipout", "name": "logits", "units": 3}]})";

struct Outcome {
  std::vector<float> parameters;
  std::vector<std::vector<float>> state;
  std::vector<double> losses;

  bool operator==(const Outcome& other) const {
    bool same = same_bits(parameters, other.parameters) && losses == other.losses &&
                state.size() == other.state.size();
    for (std::size_t i = 0; same && i < state.size(); ++i)
      same = same_bits(state[i], other.state[i]);
    return same;
  }
};

std::vector<float> copy_of(const AlignedArray& array) {
  return {array.span().begin(), array.span().end()};
}

TrainingSpec spec_of(const OptimizerSpec& optimizer) {
  TrainingSpec spec{.epochs = 2, .batch_size = 21, .seed = 11, .shards = 8};
  spec.optimizer = optimizer;
  return spec;
}

const Dataset& images() {
  static const Dataset data = random_dataset({6, 6, 2, false}, 3, 66, 3);
  return data;
}

// Two epochs of four steps, the last of them of three examples.
Outcome train(const std::string& model, const TrainingSpec& spec, Exchange* exchange) {
  ThreadPool pool(exchange == nullptr ? 2 : 1);
  const TrainingLoader loader(images(), indices(66), {{0.4, 0.5}, {0.2, 0.3}}, {true, 1}, 11);
  const Graph graph = make_graph(model);
  const SoftmaxClassifier likelihood = classifier_of(graph);
  Trainer trainer(graph, likelihood, Targets(images().labels()), spec, loader, pool, std::nullopt,
                  exchange);
  Outcome outcome;
  const auto batch = static_cast<std::size_t>(spec.batch_size);
  std::uint64_t step = 0;
  for (std::uint32_t epoch = 0; epoch < 2; ++epoch) {
    const auto order = loader.epoch_order(epoch);
    for (std::size_t first = 0; first < order.size(); first += batch) {
      const StepStats stats = trainer.step(
          ++step, std::span(order).subspan(first, std::min(batch, order.size() - first)));
      outcome.losses.insert(outcome.losses.end(),
                            {stats.nll, stats.correct, stats.kl, stats.penalty});
    }
  }
  trainer.gather_parameters();
  trainer.gather_state();
  outcome.parameters = copy_of(trainer.parameters());
  if (exchange == nullptr || exchange->is_first()) {
    for (const StateArray& array : trainer.optimizer_state()) {
      outcome.state.push_back(copy_of(array.values));
    }
  }
  return outcome;
}

// A trainer of the plain network, and what it refers to.
struct PlainTrainer {
  PlainTrainer(const TrainingSpec& spec, Exchange& exchange)
      : trainer(graph, likelihood, Targets(images().labels()), spec, loader, pool, std::nullopt,
                &exchange) {}

  ThreadPool pool{1};
  TrainingLoader loader{images(), indices(66), plain_pixels(images().shape()), {}, 11};
  Graph graph = make_graph(kPlain);
  SoftmaxClassifier likelihood = classifier_of(graph);
  Trainer trainer;
};

std::size_t plain_parameters() {
  const Graph graph = make_graph(kPlain);
  std::size_t numbers = 0;
  for (const Variable& variable : graph.layout().variables()) numbers += variable.slice.size;
  return numbers;
}

void check_processes(const std::string& model, const TrainingSpec& spec) {
  const Outcome alone = train(model, spec, nullptr);
  for (const int processes : {2, 4, 8}) {
    std::vector<Outcome> outcomes(static_cast<std::size_t>(processes));
    run_processes(processes, [&](Exchange& exchange) {
      outcomes[static_cast<std::size_t>(exchange.rank())] = train(model, spec, &exchange);
    });
    CAPTURE(processes);
    CHECK(outcomes[0] == alone);
    for (Outcome& outcome : outcomes) {
      outcome.state = alone.state;  // of the first process alone
      CHECK(outcome == alone);
    }
  }
}

}  // namespace

TEST_CASE("processes train every estimator, shared weights and priors with the bits of one") {
  check_processes(kEstimators, spec_of(adam_optimizer({.learning_rate = 0.01})));
}

TEST_CASE("processes train with clipping, several samples and averaging as one does") {
  TrainingSpec spec = spec_of(adam_optimizer({.learning_rate = 0.01}));
  spec.gradient_clip_norm = 0.5;
  spec.samples = 3;
  spec.average.ema_decay = 0.9;
  check_processes(kEstimators, spec);
  check_processes(kResidual, spec);
}

TEST_CASE("processes train residual networks with normalisation as one does") {
  check_processes(kResidual, spec_of(sgd_optimizer({.learning_rate = 0.05, .momentum = 0.9})));
}

TEST_CASE("processes train with the variational Newton optimizer as one does") {
  TrainingSpec spec = spec_of(ivon_optimizer({.learning_rate = 0.1}));
  spec.average.swa_epochs = 1;
  check_processes(kPlain, spec);
}

TEST_CASE("processes train with any number of shards as one does") {
  for (const int shards : {9, 11, 16}) {
    TrainingSpec spec = spec_of(adam_optimizer({.learning_rate = 0.01}));
    spec.shards = shards;
    check_processes(kPlain, spec);
  }
}

TEST_CASE("a loss that is not finite is that of all processes, with the layer's name") {
  TrainingSpec spec = spec_of(sgd_optimizer({.learning_rate = 1e30}));
  const auto message = [&](Exchange* exchange) {
    try {
      train(kPlain, spec, exchange);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  const std::string alone = message(nullptr);
  CHECK(alone.find("is not finite") != std::string::npos);
  std::vector<std::string> messages(4);
  run_processes(4, [&](Exchange& exchange) {
    messages[static_cast<std::size_t>(exchange.rank())] = message(&exchange);
  });
  CHECK(messages == std::vector<std::string>(4, alone));
}

TEST_CASE("what follows a save may take as long as the save") {
  TrainingSpec spec = spec_of(adam_optimizer({.learning_rate = 0.01}));
  spec.average.ema_decay = 0.9;
  std::vector<int> waits(2, -1);
  run_processes(2, [&](Exchange& exchange, const ThreadTransport& transport) {
    PlainTrainer plain(spec, exchange);
    Trainer& trainer = plain.trainer;
    trainer.gather_parameters();
    trainer.gather_state();
    waits[static_cast<std::size_t>(exchange.rank())] = transport.step_waits();
  });
  CHECK(waits == std::vector<int>(2, 0));
}

TEST_CASE("a run that goes on gives each process the state that it needs, and no more") {
  TrainingSpec spec = spec_of(adam_optimizer({.learning_rate = 0.01}));
  std::vector<std::size_t> taken(4);
  run_processes(4, [&](Exchange& exchange) {
    PlainTrainer plain(spec, exchange);
    Trainer& trainer = plain.trainer;
    AlignedArray first(plain.graph.layout().size());
    AlignedArray& values = exchange.is_first() ? state_array(trainer, "m") : first;
    if (exchange.is_first()) std::fill(values.span().begin(), values.span().end(), 1.0f);
    trainer.share_state(0, values);
    const auto m = state_array(trainer, "m").span();
    taken[static_cast<std::size_t>(exchange.rank())] =
        static_cast<std::size_t>(std::count(m.begin(), m.end(), 1.0f));
  });
  const std::size_t variables = plain_parameters();
  CHECK(taken[0] == make_graph(kPlain).layout().size());
  CHECK(taken[1] + taken[2] + taken[3] < variables);
  CHECK(taken[1] + taken[2] + taken[3] > 0);
}

TEST_CASE("a process keeps no more of the optimizer's state than it owns") {
  const TrainingSpec spec = spec_of(adam_optimizer({.learning_rate = 0.01}));
  std::vector<std::size_t> moved(4);
  run_processes(4, [&](Exchange& exchange) {
    PlainTrainer plain(spec, exchange);
    Trainer& trainer = plain.trainer;
    const auto order = plain.loader.epoch_order(0);
    trainer.step(1, std::span(order).first(21));
    const auto m = state_array(trainer, "m").span();
    moved[static_cast<std::size_t>(exchange.rank())] =
        static_cast<std::size_t>(std::count_if(m.begin(), m.end(), [](float x) { return x != 0; }));
  });
  // A number of each variable, in exactly one process, but for weights of units that are silent.
  const std::size_t variables = plain_parameters();
  const std::size_t all = moved[0] + moved[1] + moved[2] + moved[3];
  CHECK(all <= variables);
  CHECK(all > variables * 9 / 10);
  for (const std::size_t part : moved) CHECK(part < all);
}

}  // namespace bnn::testing
