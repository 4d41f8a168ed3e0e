// Validation by several processes, here threads, against the predictor and the metrics of one.

#include "bnn/training/shared_validation.h"

#include <catch2/catch.hpp>

#include "bnn/infer/class_summaries.h"
#include "bnn/model/chunks.h"
#include "bnn/process/stop_signal.h"
#include "support/model_fixtures.h"
#include "support/thread_transport.h"

namespace bnn::testing {
namespace {

const std::string kModel = R"({"input": {"height": 2, "width": 2, "channels": 1}, "layers": [
    {"type": "flatten"}, {"type": "dense_flipout", "name": "logits", "units": 3}]})";

// More images than one round of a process takes.
constexpr std::size_t kImages = 4500;

struct Validation {
  Graph graph = make_graph(kModel);
  SoftmaxClassifier likelihood = classifier_of(graph);
  AlignedArray parameters{graph.layout().size()};
  TrainingData data{};
  ThreadPool pool{1};
  Predictor predictor{graph, likelihood, parameters, {.samples = 2, .seed = 3}, pool};

  Validation() {
    initialize_parameters(graph.layout(), 3, parameters);
    data.images = random_dataset({2, 2, 1, false}, 3, kImages, 5);
    data.split.validation = indices(kImages);
    data.standardization = plain_pixels(data.images.shape());
  }
};

Metrics metrics_alone() {
  Validation v;
  MetricsCollector collector(3);
  v.predictor.predict(v.data.images, Standardizer(v.data.standardization), v.data.split.validation,
                      [&](const PredictedBlock& block) {
                        collector.add(summaries_of(block, v.pool), block.examples,
                                      v.data.images.labels());
                      });
  return collector.finish();
}

}  // namespace

TEST_CASE("processes validate in several rounds with the numbers of one") {
  const Metrics expected = metrics_alone();
  for (const int processes : {1, 2, 4}) {
    std::vector<std::optional<Metrics>> found(static_cast<std::size_t>(processes));
    run_processes(processes, [&](Exchange& exchange) {
      Validation v;
      found[static_cast<std::size_t>(exchange.rank())] =
          validate_together(v.predictor, v.data, 3, v.pool, exchange);
    });
    for (const auto& metrics : found) {
      REQUIRE(metrics);
      CHECK(metrics->examples == kImages);
      CHECK(metrics->nll == expected.nll);
      CHECK(metrics->accuracy == expected.accuracy);
      CHECK(metrics->ece == expected.ece);
      CHECK(metrics->brier == expected.brier);
      CHECK(metrics->mutual_information == expected.mutual_information);
    }
  }
}

TEST_CASE("a signal that one process gets in a validation ends that of all") {
  for (const int stopped : {0, 1, 3}) {
    std::vector<bool> ended(4, false);
    std::vector<int> signals(4);
    run_processes(
        4,
        [&](Exchange& exchange) {
          Validation v;
          v.predictor.check_often([&exchange] {
            if (exchange.own_signal() != 0) throw Stopped{exchange.own_signal()};
          });
          const auto rank = static_cast<std::size_t>(exchange.rank());
          ended[rank] = !validate_together(v.predictor, v.data, 3, v.pool, exchange);
          signals[rank] = exchange.signal();
        },
        [stopped](int rank) { return rank == stopped ? 10 : 0; });
    CHECK(signals == std::vector<int>(4, 10));
    CHECK(std::count(ended.begin(), ended.end(), true) == 4);
  }
}

}  // namespace bnn::testing
