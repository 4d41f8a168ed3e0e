#include "bnn/model/execution.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "bnn/math/vector_ops.h"

namespace bnn {

Execution::Execution(const Graph& graph, ExecutionPlan plan, std::span<float> prepared)
    : graph_(graph),
      plan_(std::move(plan)),
      prepared_memory_(prepared.empty() ? plan_.prepared_floats : 0, MemoryUse::whole),
      prepared_(prepared.empty() ? prepared_memory_.data() : prepared.data()),
      batch_memory_(plan_.batch_floats, MemoryUse::whole) {
  for (int worker = 0; worker < plan_.limits.workers; ++worker) {
    worker_memory_.emplace_back(plan_.worker_floats, MemoryUse::whole);
    scratch_.emplace_back(plan_.scratch_floats, MemoryUse::whole);
    addends_.emplace_back(plan_.addend_floats);
    shard_views_.emplace_back(plan_.limits.shards);
  }
}

template <typename Visit>
void Execution::for_each_portion(const Shard& shard, int examples, const Visit& visit) {
  for (int first = 0; first < shard.pass.examples; first += examples) {
    const auto in_shard = static_cast<std::size_t>(first);
    Portion portion{{shard.first + in_shard, in_shard}, shard.pass, shard.weight};
    portion.pass.examples = std::min(examples, shard.pass.examples - first);
    const std::span<const std::uint32_t> names = shard.pass.noise.examples;
    if (!names.empty()) {  // passes without noise have none
      portion.pass.noise.examples =
          names.subspan(in_shard, static_cast<std::size_t>(portion.pass.examples));
    }
    visit(portion);
  }
}

float* Execution::at(const ActivationBuffer& buffer, int worker, const Place& place) {
  if (buffer.each == 0) return nullptr;
  if (buffer.extent == BufferExtent::batch) {
    return batch_memory_.data() + buffer.offset + place.in_batch * buffer.each;
  }
  float* first = worker_memory_[static_cast<std::size_t>(worker)].data() + buffer.offset;
  return buffer.extent == BufferExtent::portion ? first : first + place.in_shard * buffer.each;
}

const float* Execution::at(const ActivationBuffer& buffer, int worker, const Place& place) const {
  return const_cast<Execution*>(this)->at(buffer, worker, place);
}

const ActivationBuffer& Execution::activation_of(int node) const {
  const int storage = graph_.nodes()[static_cast<std::size_t>(node)].storage;
  return plan_.nodes[static_cast<std::size_t>(storage)].activation;
}

const ActivationBuffer& Execution::gradient_of(int node) const {
  const int storage = graph_.nodes()[static_cast<std::size_t>(node)].storage;
  return plan_.nodes[static_cast<std::size_t>(storage)].gradient;
}

void Execution::prepare(std::size_t index, const Pass& pass) {
  const auto& [node, input_gradients, task] = plan_.prepare_tasks[index];
  const auto i = static_cast<std::size_t>(node);
  graph_.nodes()[i].layer->prepare(
      {pass, input_gradients, task, prepared_ + plan_.nodes[i].prepared_offset});
}

const float* Execution::prepared(std::size_t node) const {
  return prepared_ + plan_.nodes[node].prepared_offset;
}

float* Execution::input(int worker, std::size_t first) {
  return at(activation_of(0), worker, {first});
}

const float* Execution::outputs(int worker, std::size_t first) const {
  return at(activation_of(graph_.output()), worker, {first});
}

const float* Execution::kept(int worker, std::size_t first) const {
  return at(activation_of(plan_.limits.kept), worker, {first});
}

float* Execution::outputs_gradient(int worker, std::size_t first) {
  return at(gradient_of(graph_.output()), worker, {first});
}

void Execution::forward(int worker, const Shard& shard, float* state_sums) {
  for (const ExecutionStage& stage : plan_.stages) {
    for_each_portion(shard, stage.examples, [&](const Portion& portion) {
      for (int i = stage.begin; i < stage.end; ++i) forward_node(i, worker, portion, state_sums);
    });
  }
}

void Execution::forward_node(int index, int worker, const Portion& portion, float* state_sums) {
  const auto i = static_cast<std::size_t>(index);
  const Node& node = graph_.nodes()[i];
  if (node.storage != index) return;
  std::array<const float*, kMaxInputs> inputs;
  for (std::size_t k = 0; k < node.inputs.size(); ++k) {
    inputs[k] = at(activation_of(node.inputs[k]), worker, portion.first);
  }
  const NodePlan& memory = plan_.nodes[i];
  node.layer->forward({portion.pass,
                       {inputs.data(), node.inputs.size()},
                       at(memory.activation, worker, portion.first),
                       at(memory.saved, worker, portion.first),
                       scratch_[static_cast<std::size_t>(worker)].data(),
                       state_sums,
                       prepared(i)});
}

void Execution::backward(int worker, const Shard& shard, float* gradient) {
  for (auto stage = plan_.stages.rbegin(); stage != plan_.stages.rend(); ++stage) {
    for_each_portion(shard, stage->examples, [&](const Portion& portion) {
      for (int i = stage->end; i-- > stage->begin;) backward_node(i, worker, portion, gradient);
    });
  }
}

void Execution::backward_node(int index, int worker, const Portion& portion, float* gradient) {
  const Node& node = graph_.nodes()[static_cast<std::size_t>(index)];
  if (node.storage != index || !node.needs_gradient) return;
  const NodePlan& memory = plan_.nodes[static_cast<std::size_t>(index)];
  float* addends = addends_[static_cast<std::size_t>(worker)].data();
  std::array<const float*, kMaxInputs> inputs;
  std::array<float*, kMaxInputs> input_gradients;
  for (std::size_t k = 0; k < node.inputs.size(); ++k) {
    inputs[k] = at(activation_of(node.inputs[k]), worker, portion.first);
    const GradientRoute& route = memory.routes[k];
    input_gradients[k] = nullptr;
    if (route.kind == GradientRoute::Kind::overwrite) {
      input_gradients[k] = at(gradient_of(node.inputs[k]), worker, portion.first);
    } else if (route.kind == GradientRoute::Kind::add) {
      input_gradients[k] = addends + route.addend_offset;
    }
  }
  if (!node.activity_regularizer.empty()) {
    const std::size_t size =
        memory.activation.each * static_cast<std::size_t>(portion.pass.examples);
    add_penalty_gradient(node.activity_regularizer,
                         {at(memory.activation, worker, portion.first), size}, portion.weight,
                         {at(memory.gradient, worker, portion.first), size});
  }
  node.layer->backward({portion.pass,
                        {inputs.data(), node.inputs.size()},
                        at(memory.activation, worker, portion.first),
                        at(memory.gradient, worker, portion.first),
                        {input_gradients.data(), node.inputs.size()},
                        gradient,
                        at(memory.saved, worker, portion.first),
                        scratch_[static_cast<std::size_t>(worker)].data(),
                        prepared(static_cast<std::size_t>(index))});
  for (std::size_t k = 0; k < node.inputs.size(); ++k) {
    if (memory.routes[k].kind != GradientRoute::Kind::add) continue;
    const ActivationBuffer& target = gradient_of(node.inputs[k]);
    add(input_gradients[k], target.each * static_cast<std::size_t>(portion.pass.examples),
        at(target, worker, portion.first));
  }
}

void Execution::weight_gradient(std::size_t task, int worker, std::span<const Shard> shards,
                                std::span<float* const> gradients) {
  std::vector<ShardView>& views = shard_views_[static_cast<std::size_t>(worker)];
  const auto& [nodes, block] = plan_.tasks[task];
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    const int index = nodes[k];
    const Node& node = graph_.nodes()[static_cast<std::size_t>(index)];
    for (std::size_t i = 0; i < shards.size(); ++i) {
      const Place first{shards[i].first};
      views[i] = {&shards[i].pass, at(activation_of(node.inputs[0]), worker, first),
                  at(gradient_of(index), worker, first)};
    }
    node.layer->weight_gradient({{views.data(), shards.size()},
                                 block,
                                 k >= gradients.size(),
                                 gradients[k < gradients.size() ? k : 0],
                                 scratch_[static_cast<std::size_t>(worker)].data()});
  }
}

double Execution::activity_penalty(int worker, const Shard& shard) const {
  double sum = 0.0;
  for (std::size_t i = 0; i < graph_.nodes().size(); ++i) {
    const Node& node = graph_.nodes()[i];
    if (node.activity_regularizer.empty()) continue;
    const ActivationBuffer& buffer = activation_of(static_cast<int>(i));
    const std::size_t size = buffer.each * static_cast<std::size_t>(shard.pass.examples);
    sum += penalty(node.activity_regularizer, {at(buffer, worker, {shard.first}), size});
  }
  return sum;
}

int Execution::first_non_finite(int worker, const Shard& shard) const {
  for (std::size_t i = 0; i < graph_.nodes().size(); ++i) {
    const ActivationBuffer& buffer = activation_of(static_cast<int>(i));
    const float* values = at(buffer, worker, {shard.first});
    const std::size_t size = buffer.each * static_cast<std::size_t>(shard.pass.examples);
    if (!std::all_of(values, values + size, [](float v) { return std::isfinite(v); })) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

}  // namespace bnn
