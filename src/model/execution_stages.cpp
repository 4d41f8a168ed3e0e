#include "bnn/model/execution_stages.h"

#include <algorithm>

namespace bnn {
namespace {

// The largest power of two of examples whose inputs and outputs are no more than portion_floats.
int portion_of(const Graph& graph, const Node& node, int shard_examples,
               std::size_t portion_floats) {
  if (!node.layer->works_by_example()) return shard_examples;
  std::size_t each = node.shape.size();
  for (const int input : node.inputs) {
    each += graph.nodes()[static_cast<std::size_t>(input)].shape.size();
  }
  int examples = 1;
  while (examples < shard_examples &&
         2 * static_cast<std::size_t>(examples) * each <= portion_floats) {
    examples *= 2;
  }
  return std::min(examples, shard_examples);
}

}  // namespace

std::vector<ExecutionStage> plan_stages(const Graph& graph, int shard_examples,
                                        std::size_t portion_floats) {
  std::vector<ExecutionStage> stages;
  for (int i = 1; i < static_cast<int>(graph.nodes().size()); ++i) {
    const Node& node = graph.nodes()[static_cast<std::size_t>(i)];
    const int examples = portion_of(graph, node, shard_examples, portion_floats);
    const bool joins =
        !stages.empty() && (node.layer->is_view() || stages.back().examples == examples);
    if (joins) {
      stages.back().end = i + 1;
    } else {
      stages.push_back({i, i + 1, examples});
    }
  }
  return stages;
}

}  // namespace bnn
