// A run in memory: its views of the config, and what it needs of the machine.

#include "bnn/training/run.h"

#include <catch2/catch.hpp>

#include "bnn/infer/predictor.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

RunConfig config_of(const Json& document) {
  return read_run_config(document, "tiny.json", ErrorKind::config);
}

}  // namespace

TEST_CASE("the memory of a run counts the predictor of its validation") {
  Json document = tiny_config();
  for (const Json& validation : {Json(0), Json(12), Json(0.2)}) {
    document["data"]["validation"] = validation;
    const RunConfig config = config_of(document);
    const Graph graph = make_graph(config, "tiny.json", ErrorKind::config);
    const ExecutionPlan plan = training_plan(graph, config.training, 3);
    const std::size_t trainer = Trainer::bytes(graph, config.training, plan);
    const bool validates = validation != Json(0);
    CHECK(run_bytes(config, graph, plan) ==
          trainer + (validates ? Predictor::bytes(graph, 3) : std::size_t{0}));
  }
}

TEST_CASE("a run's checkpoints do not name the data's directory, and its folder does") {
  Json document = tiny_config();
  document["data"]["directory"] = "elsewhere";
  const TinyRun tiny(document);
  RunConfig config = config_of(document);
  Graph graph = make_graph(config, "tiny.json", ErrorKind::config);
  ThreadPool pool(1);
  TrainingData data = load_training_data(config, tiny.path(), graph.outputs(), {.pool = &pool});
  ExecutionPlan plan = training_plan(graph, config.training, 1);
  const Run run(std::move(config), std::move(graph), std::move(data), std::move(plan));
  CHECK_FALSE(run.checkpoint_config().at("data").contains("directory"));
  CHECK(run.folder_config().at("data").at("directory") == tiny.path());
  for (const Json& view : {run.checkpoint_config(), run.folder_config()}) {
    CHECK(view.at("data").at("standardize") == to_json(run.data.standardization));
    CHECK(view.at("model") == run.config.resolved.at("model"));
  }
}

}  // namespace bnn::testing
