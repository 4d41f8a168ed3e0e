#include "bnn/model/execution_stages.h"

#include <catch2/catch.hpp>

#include "bnn/model/execution_plan.h"
#include "support/model_fixtures.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

// 128 floats of input; 512, 128 and 32 floats an example behind the layers with images.
const std::string kShrinking = R"({"input": {"height": 8, "width": 8, "channels": 2}, "layers": [
    {"type": "conv2d_flipout", "name": "wide", "filters": 8, "kernel_size": 3, "padding": "same"},
    {"type": "max_pooling2d", "name": "pool", "pool_size": 2},
    {"type": "conv2d_flipout", "name": "narrow", "filters": 2, "kernel_size": 3, "padding": "same"},
    {"type": "flatten"},
    {"type": "dense_flipout", "name": "logits", "units": 3}]})";

std::vector<std::pair<std::string, int>> stages_of(const Graph& graph, int shard_examples,
                                                   std::size_t portion_floats) {
  std::vector<std::pair<std::string, int>> stages;
  int next = 1;
  for (const auto& [begin, end, examples] : plan_stages(graph, shard_examples, portion_floats)) {
    CHECK(begin == next);
    next = end;
    stages.emplace_back(graph.nodes()[static_cast<std::size_t>(begin)].name, examples);
  }
  CHECK(next == static_cast<int>(graph.nodes().size()));
  return stages;
}

}  // namespace

TEST_CASE("layers with large images take portions whose inputs and outputs fit, others the shard") {
  using Stages = std::vector<std::pair<std::string, int>>;
  const Graph graph = make_graph(kShrinking);
  // 640 floats an example around "wide" and around "pool", 160 around "narrow".
  CHECK(stages_of(graph, 16, 2000) == Stages{{"wide", 2}, {"narrow", 8}, {"logits", 16}});
  CHECK(stages_of(graph, 16, 1279) == Stages{{"wide", 1}, {"narrow", 4}, {"logits", 16}});
  CHECK(stages_of(graph, 16, 1280) == Stages{{"wide", 2}, {"narrow", 8}, {"logits", 16}});
  CHECK(stages_of(graph, 16, 1) == Stages{{"wide", 1}, {"logits", 16}});
  CHECK(stages_of(graph, 16, 1 << 20) == Stages{{"wide", 16}});
  CHECK(stages_of(graph, 5, 3000) == Stages{{"wide", 4}, {"narrow", 5}});
}

TEST_CASE("layers that add up over a shard take it as a whole") {
  const Graph graph = make_graph(R"({"input": {"height": 8, "width": 8, "channels": 8}, "layers": [
      {"type": "conv2d_flipout", "name": "winograd", "filters": 8, "kernel_size": 3},
      {"type": "conv2d_flipout", "name": "strided", "filters": 8, "kernel_size": 3, "strides": 2},
      {"type": "flatten"}, {"type": "dense_flipout", "name": "logits", "units": 3}]})");
  const auto stages = stages_of(graph, 16, 1);
  CHECK(stages[0] == std::pair<std::string, int>{"winograd", 16});
}

TEST_CASE("what one stage alone reads and writes is kept for a portion") {
  const Graph graph = make_graph(kShrinking);
  const ExecutionLimits limits{
      .workers = 1, .shard_examples = 16, .batch_examples = 16, .portion_floats = 2000};
  const auto extents = [&](ExecutionMode mode, auto member) {
    std::vector<BufferExtent> found;
    const ExecutionPlan plan = plan_execution(graph, mode, limits);
    for (const NodePlan& node : plan.nodes) found.push_back((node.*member).extent);
    return std::vector(found.begin() + 1, found.begin() + 4);  // wide, pool, narrow
  };
  using enum BufferExtent;
  using Extents = std::vector<BufferExtent>;
  CHECK(extents(ExecutionMode::inference, &NodePlan::activation) == Extents{portion, shard, shard});
  CHECK(extents(ExecutionMode::training, &NodePlan::gradient) == Extents{portion, shard, shard});
  CHECK(extents(ExecutionMode::training, &NodePlan::activation) == Extents{shard, shard, batch});
  const auto floats = [&](std::size_t portion_floats) {
    ExecutionLimits other = limits;
    other.portion_floats = portion_floats;
    return plan_execution(graph, ExecutionMode::inference, other).worker_floats;
  };
  // Two examples of "wide" instead of sixteen.
  CHECK(floats(2000) + 14 * 512 <= floats(1 << 20) + 16 * 128);
}
