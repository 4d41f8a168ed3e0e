#include "bnn/model/graph.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>
#include <utility>

#include "bnn/core/error.h"
#include "bnn/core/json_reader.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxParameters = std::size_t{1} << 34;  // 64 GiB of float32
constexpr std::size_t kMaxActivation = std::size_t{1} << 31;  // floats an example

[[noreturn]] void fail(const std::string& layer, const std::string& sentence) {
  throw Error(ErrorKind::config, fmt::format("layer \"{}\": {}", layer, sentence));
}

// The names that users gave, all different but for layers that reuse another's variables.
std::set<std::string> given_names(const std::vector<LayerSpec>& layers) {
  std::set<std::string> taken = {"input"};
  for (const LayerSpec& layer : layers) {
    if (layer.name == "input") fail(layer.name, "the name \"input\" is the model's own input");
    if (layer.reuse || layer.name.empty() || taken.insert(layer.name).second) continue;
    fail(layer.name,
         "the name is used by two layers; the second needs \"reuse\": true if they are to share "
         "their variables");
  }
  return taken;
}

// Given names; for the others the type, and for layers that reuse another's variables its name,
// with _1, _2, … in order of appearance.
std::vector<std::string> name_layers(const std::vector<LayerSpec>& layers) {
  std::set<std::string> taken = given_names(layers);
  std::vector<std::string> names;
  std::map<std::string, int> count;
  for (const LayerSpec& layer : layers) {
    const std::string stem = layer.name.empty() ? layer.type : layer.name;
    std::string name = layer.reuse ? "" : layer.name;
    while (name.empty()) {
      const int n = count[stem]++;
      const std::string candidate = n == 0 ? stem : fmt::format("{}_{}", stem, n);
      if (taken.insert(candidate).second) name = candidate;
    }
    names.push_back(name);
  }
  return names;
}

// An image has no order of its own. It is presented in the order of the first layer that names one.
Shape presented(Shape input, const std::vector<LayerSpec>& layers) {
  for (const LayerSpec& layer : layers) {
    if (!layer.channels_first) continue;
    input.channels_first = *layer.channels_first;
    break;
  }
  return input;
}

// Positions in the config (0 is the model's input, i + 1 the layer i) that each layer reads.
std::vector<std::vector<int>> connect(const std::vector<LayerSpec>& layers,
                                      const std::vector<std::string>& names) {
  std::map<std::string, int> position = {{"input", 0}};
  for (std::size_t i = 0; i < names.size(); ++i) position[names[i]] = static_cast<int>(i) + 1;
  std::vector<std::vector<int>> inputs(layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].inputs.empty()) inputs[i] = {static_cast<int>(i)};
    if (layers[i].inputs.size() > kMaxInputs) fail(names[i], "has more than 16 inputs");
    for (const std::string& input : layers[i].inputs) {
      const auto found = position.find(input);
      if (found == position.end()) {
        const auto guess = closest(input, names);
        fail(names[i], fmt::format("reads \"{}\", but there is no such layer{}", input,
                                   guess ? fmt::format(" (did you mean \"{}\"?)", *guess) : ""));
      }
      inputs[i].push_back(found->second);
    }
  }
  return inputs;
}

// The names of layers that read each other in a circle. Every layer that is not ready reads another
// one that is not ready, so a walk along these layers ends in a circle.
std::string circle_among(const std::vector<std::vector<int>>& inputs,
                         const std::vector<std::string>& names, const std::vector<bool>& ready) {
  const auto next = [&](int layer) {
    const auto& list = inputs[static_cast<std::size_t>(layer) - 1];
    return *std::find_if(list.begin(), list.end(),
                         [&](int input) { return !ready[static_cast<std::size_t>(input)]; });
  };
  int layer = static_cast<int>(std::find(ready.begin(), ready.end(), false) - ready.begin());
  for (std::size_t i = 0; i < names.size(); ++i) layer = next(layer);
  std::vector<int> circle = {layer};
  while (next(circle.back()) != layer) circle.push_back(next(circle.back()));
  std::sort(circle.begin(), circle.end());
  std::string text;
  for (const int member : circle) {
    if (text.size() > 200) return text + " and others";
    text.append(text.empty() ? "\"" : ", \"");
    text.append(names[static_cast<std::size_t>(member) - 1]).append("\"");
  }
  return text;
}

// The order of execution: repeatedly the first layer in the config whose inputs are all there.
std::vector<std::size_t> order_layers(const std::vector<std::vector<int>>& inputs,
                                      const std::vector<std::string>& names) {
  std::vector<bool> ready(inputs.size() + 1, false);
  ready[0] = true;
  std::vector<std::size_t> order;
  while (order.size() < inputs.size()) {
    const std::size_t before = order.size();
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (ready[i + 1]) continue;
      const bool can_run = std::all_of(inputs[i].begin(), inputs[i].end(), [&](int input) {
        return ready[static_cast<std::size_t>(input)];
      });
      if (!can_run) continue;
      ready[i + 1] = true;
      order.push_back(i);
    }
    if (order.size() > before) continue;
    throw Error(ErrorKind::config, fmt::format("layers read each other in a circle: {}",
                                               circle_among(inputs, names, ready)));
  }
  return order;
}

void refuse_dead_branches(const std::vector<std::vector<int>>& inputs,
                          const std::vector<std::string>& names) {
  std::set<int> used;
  for (const auto& list : inputs) used.insert(list.begin(), list.end());
  for (std::size_t i = 0; i + 1 < names.size(); ++i) {
    if (used.count(static_cast<int>(i) + 1) == 0) {
      fail(names[i],
           "its output is not used by any layer; the last layer of the list gives the logits");
    }
  }
}

}  // namespace

Graph::Graph(const ModelSpec& spec, const LayerMaker& make) {
  Node first;
  first.name = first.type = first.variables_name = "input";
  first.shape = presented(spec.input, spec.layers);
  nodes_.push_back(std::move(first));
  if (spec.input.size() > kMaxActivation) {
    throw Error(ErrorKind::config,
                fmt::format("the input of {} is too large", to_string(spec.input)));
  }
  const auto names = name_layers(spec.layers);
  const auto inputs = connect(spec.layers, names);
  const auto order = order_layers(inputs, names);
  refuse_dead_branches(inputs, names);
  std::vector<int> node_of(spec.layers.size() + 1, 0);  // position in the config to node
  for (const std::size_t i : order) {
    std::vector<int> from;
    for (const int input : inputs[i]) from.push_back(node_of[static_cast<std::size_t>(input)]);
    node_of[i + 1] = static_cast<int>(nodes_.size());
    add_node(spec.layers[i], names[i], std::move(from), make);
  }
  output_ = node_of.back();
  const Node& last = nodes_[static_cast<std::size_t>(output_)];
  if (!last.shape.flat) {
    fail(last.name, fmt::format("the last layer must give a vector of logits, but gives {}",
                                to_string(last.shape)));
  }
}

// The node that declared the variables of this name, or `node` itself if none did.
int Graph::original_of(const std::string& variables, int node) const {
  const auto found = std::find_if(nodes_.begin(), nodes_.end(), [&](const Node& other) {
    return other.variables_name == variables;
  });
  return found == nodes_.end() ? node : found->original;
}

void Graph::add_node(const LayerSpec& spec, const std::string& name, std::vector<int> inputs,
                     const LayerMaker& make) {
  std::vector<Shape> shapes;
  for (const int input : inputs) shapes.push_back(nodes_[static_cast<std::size_t>(input)].shape);
  const int index = static_cast<int>(nodes_.size());
  const std::string variables = spec.reuse ? spec.name : name;
  Node node;
  node.name = name;
  node.type = spec.type;
  node.inputs = std::move(inputs);
  node.storage = index;
  node.original = original_of(variables, index);
  node.variables_name = variables;
  node.options = spec.options;
  node.activity_regularizer = spec.activity_regularizer;
  node.variables.begin = layout_.variables().size();
  try {
    const LayerNoise noise{static_cast<std::uint32_t>(node.original), spec.seed};
    node.layer = make(spec, variables, noise, shapes, layout_);
  } catch (const Error& error) {
    fail(name, error.what());
  }
  node.variables.end = layout_.variables().size();
  if (node.original != index) {
    node.variables = nodes_[static_cast<std::size_t>(node.original)].variables;
  }
  node.shape = node.layer->output_shape();
  if (node.shape.size() > kMaxActivation) {
    fail(name, fmt::format("its output of {} is too large", to_string(node.shape)));
  }
  if (layout_.size() > kMaxParameters) fail(name, "the network has more than 2^34 parameters");
  nodes_.push_back(std::move(node));
  connect_node(nodes_.back());
}

bool Graph::has_noise() const {
  const auto& tensors = layout_.random_tensors();
  return std::any_of(tensors.begin(), tensors.end(),
                     [](const RandomTensor& tensor) { return tensor.draw != Draw::none; }) ||
         std::any_of(nodes_.begin(), nodes_.end(), [](const Node& node) {
           return node.layer != nullptr && node.layer->has_noise();
         });
}

// What a node takes over from those it reads.
void Graph::connect_node(Node& node) const {
  for (std::size_t v = node.variables.begin; v < node.variables.end; ++v) {
    node.needs_gradient = node.needs_gradient || layout_.variables()[v].trainable;
  }
  for (const int input : node.inputs) {
    const Node& from = nodes_[static_cast<std::size_t>(input)];
    node.needs_gradient = node.needs_gradient || from.needs_gradient;
    if (node.layer->is_view()) node.storage = from.storage;
  }
}

}  // namespace bnn
