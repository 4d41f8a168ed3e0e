#include "bnn/model/execution_plan.h"

#include <algorithm>

#include "bnn/core/aligned_array.h"
#include "bnn/model/memory_plan.h"

namespace bnn {
namespace {

// Steps of a training pass over n nodes: node i runs forward at step i, backward at 2 n - i.
int backward_step(int nodes, int node) { return 2 * nodes - node; }

int storage_of(const Graph& graph, int node) {
  return graph.nodes()[static_cast<std::size_t>(node)].storage;
}

bool is_deferred(const Node& node) {
  return node.layer != nullptr && node.layer->weight_gradient_blocks() > 0;
}

// The last node in forward order that reads each storage node.
std::vector<int> last_readers(const Graph& graph) {
  std::vector<int> last(graph.nodes().size(), 0);
  for (std::size_t i = 1; i < graph.nodes().size(); ++i) {
    if (graph.nodes()[i].layer->is_view()) continue;
    for (const int input : graph.nodes()[i].inputs) {
      last[static_cast<std::size_t>(storage_of(graph, input))] = static_cast<int>(i);
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

// True if the caller reads node i's numbers after the pass.
bool outlives_pass(const Graph& graph, const ExecutionPlan& plan, int i) {
  return i == storage_of(graph, graph.output()) || i == plan.limits.kept;
}

// True if no node of another stage reads node i's numbers or writes their gradient.
bool stays_in_stage(const Graph& graph, const ExecutionPlan& plan, int i) {
  const auto stage = [&](int node) { return plan.nodes[static_cast<std::size_t>(node)].stage; };
  if (stage(i) == kNoStage || outlives_pass(graph, plan, i)) return false;
  for (int reader = i + 1; reader < static_cast<int>(graph.nodes().size()); ++reader) {
    for (const int input : graph.nodes()[static_cast<std::size_t>(reader)].inputs) {
      if (storage_of(graph, input) == i && stage(reader) != stage(i)) return false;
    }
  }
  return true;
}

void plan_routes(const Graph& graph, ExecutionPlan& plan) {
  std::vector<bool> written(graph.nodes().size(), false);
  for (std::size_t i = graph.nodes().size(); i-- > 1;) {
    const Node& node = graph.nodes()[i];
    if (node.storage != static_cast<int>(i) || !node.needs_gradient) continue;
    std::size_t addends = 0;
    for (const int input : node.inputs) {
      const auto target = static_cast<std::size_t>(storage_of(graph, input));
      GradientRoute route;
      if (graph.nodes()[target].needs_gradient) {
        route.kind = written[target] ? GradientRoute::Kind::add : GradientRoute::Kind::overwrite;
        written[target] = true;
      }
      if (route.kind == GradientRoute::Kind::add) {
        route.addend_offset = addends;
        const auto stage = static_cast<std::size_t>(plan.nodes[i].stage);
        addends += round_to_alignment(graph.nodes()[target].shape.size() *
                                      static_cast<std::size_t>(plan.stages[stage].examples));
      }
      plan.nodes[i].routes.push_back(route);
    }
    plan.addend_floats = std::max(plan.addend_floats, addends);
  }
}

// From which step to which a buffer is in use.
struct Lifetime {
  int begin, end;
};

// Places the buffers. A step of a stage is taken again for every portion of the shard. What holds
// the whole shard is therefore in use from the first step of a stage to the last.
class BufferPlacement {
 public:
  BufferPlacement(const Graph& graph, ExecutionPlan& plan)
      : graph_(graph),
        plan_(plan),
        last_reader_(last_readers(graph)),
        nodes_(static_cast<int>(graph.nodes().size())) {}

  void run() {
    for (int i = 0; i < nodes_; ++i) {
      NodePlan& memory = plan_.nodes[static_cast<std::size_t>(i)];
      place(memory.activation, i, activation_lifetime(i, memory.activation));
      place(memory.saved, i, activation_lifetime(i, memory.saved));
      place(memory.gradient, i, gradient_lifetime(i, memory.gradient));
    }
    plan_.worker_floats = plan_memory(planned_);
    for (std::size_t i = 0; i < planned_.size(); ++i) owners_[i]->offset = planned_[i].offset;
  }

 private:
  bool is_training() const { return plan_.mode == ExecutionMode::training; }
  bool is_output(int node) const { return node == storage_of(graph_, graph_.output()); }
  int last_use(int node) const {
    return std::max(node, last_reader_[static_cast<std::size_t>(node)]);
  }

  // The input is a stage of its own here, of the whole shard.
  ExecutionStage stage_of(int node) const {
    const int stage = plan_.nodes[static_cast<std::size_t>(node)].stage;
    return stage == kNoStage ? ExecutionStage{node, node + 1, plan_.limits.shard_examples}
                             : plan_.stages[static_cast<std::size_t>(stage)];
  }
  // The first and the last node that run before or after this one in the same stage.
  int first_beside(int node) const { return stage_of(node).begin; }
  int last_beside(int node) const { return stage_of(node).end - 1; }

  Lifetime activation_lifetime(int i, const ActivationBuffer& buffer) const {
    if (buffer.extent == BufferExtent::portion) return {i, last_use(i)};
    const int first = first_beside(i);
    if (is_training() || outlives_pass(graph_, plan_, i))
      return {first, backward_step(nodes_, first)};
    return {first, last_beside(last_use(i))};
  }

  Lifetime gradient_lifetime(int i, const ActivationBuffer& buffer) const {
    if (buffer.extent == BufferExtent::portion) {
      return {backward_step(nodes_, last_use(i)), backward_step(nodes_, i)};
    }
    return {is_output(i) ? nodes_ : backward_step(nodes_, last_beside(last_use(i))),
            backward_step(nodes_, first_beside(i))};
  }

  void place(ActivationBuffer& buffer, int node, const Lifetime& lifetime) {
    if (buffer.each == 0) return;
    if (buffer.extent == BufferExtent::batch) {
      buffer.offset = plan_.batch_floats;
      plan_.batch_floats +=
          round_to_alignment(buffer.each * static_cast<std::size_t>(plan_.limits.batch_examples));
      return;
    }
    const int examples = buffer.extent == BufferExtent::portion ? stage_of(node).examples
                                                                : plan_.limits.shard_examples;
    planned_.push_back(
        {buffer.each * static_cast<std::size_t>(examples), lifetime.begin, lifetime.end});
    owners_.push_back(&buffer);
  }

  const Graph& graph_;
  ExecutionPlan& plan_;
  std::vector<int> last_reader_;
  int nodes_;
  std::vector<PlannedBuffer> planned_;
  std::vector<ActivationBuffer*> owners_;
};

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
  const auto reserve = [&](std::size_t size) {
    plan.scratch_floats = std::max(plan.scratch_floats, size);
  };
  for (const ExecutionStage& stage : plan.stages) {
    for (int i = stage.begin; i < stage.end; ++i) {
      const Layer& layer = *graph.nodes()[static_cast<std::size_t>(i)].layer;
      reserve(layer.scratch_size(stage.examples));
      if (plan.mode != ExecutionMode::training) continue;
      reserve(layer.weight_gradient_scratch(plan.limits.shards, plan.limits.shard_examples));
    }
  }
}

// What each node stores, and for how many examples.
void size_buffers(const Graph& graph, ExecutionPlan& plan) {
  const bool training = plan.mode == ExecutionMode::training;
  const int output = storage_of(graph, graph.output());
  for (int i = 0; i < static_cast<int>(graph.nodes().size()); ++i) {
    const Node& node = graph.nodes()[static_cast<std::size_t>(i)];
    NodePlan& memory = plan.nodes[static_cast<std::size_t>(i)];
    if (node.storage != i) continue;
    const BufferExtent shortest =
        stays_in_stage(graph, plan, i) ? BufferExtent::portion : BufferExtent::shard;
    memory.activation.each = node.shape.size();
    if (!training) {
      memory.activation.extent = shortest;
      continue;
    }
    // Where nothing is trained, the saved inputs of an activation are written and forgotten.
    memory.saved.each = node.layer != nullptr ? node.layer->saved_size() : 0;
    // The caller writes the gradient of the outputs even where no variable is trained.
    if (node.needs_gradient || i == output) memory.gradient.each = node.shape.size();
    memory.gradient.extent = shortest;
  }
}

// Layers whose weight gradient waits for all shards: what it reads is kept for the whole batch.
void plan_deferred(const Graph& graph, ExecutionPlan& plan) {
  for (int i = 0; i < static_cast<int>(graph.nodes().size()); ++i) {
    const Node& node = graph.nodes()[static_cast<std::size_t>(i)];
    if (node.storage != i || !node.needs_gradient || !is_deferred(node)) continue;
    plan.nodes[static_cast<std::size_t>(i)].gradient.extent = BufferExtent::batch;
    const auto input = static_cast<std::size_t>(storage_of(graph, node.inputs[0]));
    plan.nodes[input].activation.extent = BufferExtent::batch;
    plan_weight_gradient(graph, i, plan);
  }
}

}  // namespace

ExecutionPlan plan_execution(const Graph& graph, ExecutionMode mode,
                             const ExecutionLimits& limits) {
  ExecutionPlan plan{mode, limits};
  plan.stages = plan_stages(graph, limits.shard_examples, limits.portion_floats);
  plan.nodes.resize(graph.nodes().size());
  for (int stage = 0; stage < static_cast<int>(plan.stages.size()); ++stage) {
    const auto& [begin, end, examples] = plan.stages[static_cast<std::size_t>(stage)];
    for (int i = begin; i < end; ++i) plan.nodes[static_cast<std::size_t>(i)].stage = stage;
  }
  size_buffers(graph, plan);
  if (mode == ExecutionMode::training) {
    plan_deferred(graph, plan);
    plan_routes(graph, plan);
  }
  BufferPlacement(graph, plan).run();
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
