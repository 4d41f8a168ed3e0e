#include "bnn/model/execution_plan.h"

#include <algorithm>

#include "bnn/core/aligned_array.h"
#include "bnn/model/memory_plan.h"

namespace bnn {
namespace {

// Steps of a training pass over n nodes: node i runs forward at step i, backward at 2 n - i.
int backward_step(int nodes, int node) { return 2 * nodes - node; }

bool is_deferred(const Node& node) {
  return node.layer != nullptr && node.layer->weight_gradient_blocks() > 0;
}

// The last node in forward order that reads each storage node.
std::vector<int> last_readers(const Graph& graph) {
  std::vector<int> last(graph.nodes().size(), 0);
  for (std::size_t i = 1; i < graph.nodes().size(); ++i) {
    if (graph.nodes()[i].layer->is_view()) continue;
    for (const int input : graph.nodes()[i].inputs) {
      last[static_cast<std::size_t>(graph.nodes()[static_cast<std::size_t>(input)].storage)] =
          static_cast<int>(i);
    }
  }
  return last;
}

// Layers that share a variable share its tasks, so that no two write one block at the same time.
void plan_weight_gradient(const Graph& graph, int index, ExecutionPlan& plan) {
  const Node& node = graph.nodes()[static_cast<std::size_t>(index)];
  const auto shares = [&](const WeightGradientTask& task) {
    return graph.nodes()[static_cast<std::size_t>(task.nodes[0])].original == node.original;
  };
  if (std::any_of(plan.tasks.begin(), plan.tasks.end(), shares)) {
    for (WeightGradientTask& task : plan.tasks) {
      if (shares(task)) task.nodes.push_back(index);
    }
    return;
  }
  for (int block = 0; block < node.layer->weight_gradient_blocks(); ++block) {
    plan.tasks.push_back({{index}, block});
  }
}

void plan_routes(const Graph& graph, ExecutionPlan& plan) {
  std::vector<bool> written(graph.nodes().size(), false);
  for (std::size_t i = graph.nodes().size(); i-- > 1;) {
    const Node& node = graph.nodes()[i];
    if (node.storage != static_cast<int>(i) || !node.needs_gradient) continue;
    std::size_t addends = 0;
    for (const int input : node.inputs) {
      const auto target =
          static_cast<std::size_t>(graph.nodes()[static_cast<std::size_t>(input)].storage);
      GradientRoute route;
      if (graph.nodes()[target].needs_gradient) {
        route.kind = written[target] ? GradientRoute::Kind::add : GradientRoute::Kind::overwrite;
        written[target] = true;
      }
      if (route.kind == GradientRoute::Kind::add) {
        route.addend_offset = addends;
        addends += round_to_alignment(graph.nodes()[target].shape.size() *
                                      static_cast<std::size_t>(plan.limits.shard_examples));
      }
      plan.nodes[i].routes.push_back(route);
    }
    plan.addend_floats = std::max(plan.addend_floats, addends);
  }
}

void place_buffers(const Graph& graph, ExecutionPlan& plan) {
  const bool training = plan.mode == ExecutionMode::training;
  const int n = static_cast<int>(graph.nodes().size());
  const int output = graph.nodes()[static_cast<std::size_t>(graph.output())].storage;
  const auto last = last_readers(graph);
  std::vector<PlannedBuffer> planned;
  std::vector<ActivationBuffer*> owners;
  const auto place = [&](ActivationBuffer& buffer, int begin, int end) {
    if (buffer.each == 0) return;
    if (buffer.whole_batch) {
      buffer.offset = plan.batch_floats;
      plan.batch_floats +=
          round_to_alignment(buffer.each * static_cast<std::size_t>(plan.limits.batch_examples));
      return;
    }
    planned.push_back(
        {buffer.each * static_cast<std::size_t>(plan.limits.shard_examples), begin, end});
    owners.push_back(&buffer);
  };
  for (int i = 0; i < n; ++i) {
    NodePlan& memory = plan.nodes[static_cast<std::size_t>(i)];
    const int last_use = std::max(i, last[static_cast<std::size_t>(i)]);
    // The outputs outlive the pass: the caller reads them after it.
    const int end = training || i == output ? backward_step(n, i) : last_use;
    place(memory.activation, i, end);
    place(memory.saved, i, end);
    place(memory.gradient, i == output ? n : backward_step(n, last_use), backward_step(n, i));
  }
  plan.worker_floats = plan_memory(planned);
  for (std::size_t i = 0; i < planned.size(); ++i) owners[i]->offset = planned[i].offset;
}

bool wants_input_gradients(const NodePlan& node) {
  return std::any_of(node.routes.begin(), node.routes.end(), [](const GradientRoute& route) {
    return route.kind != GradientRoute::Kind::none;
  });
}

void plan_preparation(const Graph& graph, ExecutionPlan& plan) {
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    const Layer* layer = graph.nodes()[i].layer.get();
    if (layer == nullptr || graph.nodes()[i].storage != static_cast<int>(i)) continue;
    NodePlan& node = plan.nodes[i];
    const bool input_gradients = wants_input_gradients(node);
    node.prepared_offset = plan.prepared_floats;
    plan.prepared_floats += round_to_alignment(layer->prepared_size(input_gradients));
    for (int task = 0; task < layer->prepare_tasks(input_gradients); ++task) {
      plan.prepare_tasks.push_back({static_cast<int>(i), input_gradients, task});
    }
  }
}

void size_scratch(const Graph& graph, ExecutionPlan& plan) {
  for (const Node& node : graph.nodes()) {
    if (node.layer == nullptr) continue;
    std::size_t size = node.layer->scratch_size(plan.limits.shard_examples);
    if (plan.mode == ExecutionMode::training) {
      size = std::max(size, node.layer->weight_gradient_scratch(plan.limits.shards,
                                                                plan.limits.shard_examples));
    }
    plan.scratch_floats = std::max(plan.scratch_floats, size);
  }
}

}  // namespace

ExecutionPlan plan_execution(const Graph& graph, ExecutionMode mode,
                             const ExecutionLimits& limits) {
  ExecutionPlan plan{mode, limits};
  plan.nodes.resize(graph.nodes().size());
  const bool training = mode == ExecutionMode::training;
  const int output = graph.nodes()[static_cast<std::size_t>(graph.output())].storage;
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    const Node& node = graph.nodes()[i];
    NodePlan& memory = plan.nodes[i];
    if (node.storage != static_cast<int>(i)) continue;
    memory.activation.each = node.shape.size();
    if (!training) continue;
    // Where nothing is trained, the saved inputs of an activation are written and forgotten.
    memory.saved.each = node.layer != nullptr ? node.layer->saved_size() : 0;
    // The caller writes the gradient of the outputs even where no variable is trained.
    if (node.needs_gradient || static_cast<int>(i) == output) {
      memory.gradient.each = node.shape.size();
    }
    if (!node.needs_gradient || !is_deferred(node)) continue;
    memory.gradient.whole_batch = true;
    const Node& input = graph.nodes()[static_cast<std::size_t>(node.inputs[0])];
    plan.nodes[static_cast<std::size_t>(input.storage)].activation.whole_batch = true;
    plan_weight_gradient(graph, static_cast<int>(i), plan);
  }
  if (training) plan_routes(graph, plan);
  place_buffers(graph, plan);
  plan_preparation(graph, plan);
  size_scratch(graph, plan);
  return plan;
}

std::size_t ExecutionPlan::bytes() const {
  return sizeof(float) * (prepared_floats + batch_floats +
                          static_cast<std::size_t>(limits.workers) *
                              (worker_floats + scratch_floats + addend_floats));
}

}  // namespace bnn
