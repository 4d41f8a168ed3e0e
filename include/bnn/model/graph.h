#pragma once
// A network: a directed acyclic graph of layers with their shapes, in an order of execution.
//
// Node 0 is the model's input, named "input". A node's inputs come before it. The last node of the
// config gives the outputs, which a likelihood reads (classifiers: logits). Views (flatten) store
// nothing: `storage` names the node whose memory they read. A layer with `reuse` is a node of its
// own, named like an automatic one (conv1_1), whose variables are those of its `original`: their KL
// counts once, and since one draw of the weights is one function, both see the same weights for the
// same example. Immutable after construction; may be read from any thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bnn/bayes/parameter_layout.h"
#include "bnn/layers/make_layer.h"
#include "bnn/model/model_spec.h"

namespace bnn {

/// A range of the layout's variables.
struct VariableRange {
  std::size_t begin = 0, end = 0;

  std::size_t size() const { return end - begin; }
  bool operator==(const VariableRange&) const = default;
};

struct Node {
  std::string name;
  std::string type;
  std::unique_ptr<Layer> layer = nullptr;  // null for the input
  std::vector<int> inputs = {};            // earlier nodes
  Shape shape = {};
  int storage = 0;               // this node, or the node that a view looks at
  int original = 0;              // this node, or the node whose variables it shares
  VariableRange variables = {};  // its own, or those that it shares
  std::string variables_name;    // what their names begin with
  Regularizer activity_regularizer = {};
  bool needs_gradient = false;  // whether a trainable variable lies at or above this node
};

/// What a graph makes its layers with: make_layer, or in tests something that knows more layers.
using LayerMaker = std::function<decltype(make_layer)>;

class Graph {
 public:
  /// Throws Error(config), naming the layers, if names, connections or shapes do not fit.
  explicit Graph(const ModelSpec& spec, const LayerMaker& make = make_layer);

  const std::vector<Node>& nodes() const { return nodes_; }
  const ParameterLayout& layout() const { return layout_; }
  const Shape& input_shape() const { return nodes_.front().shape; }
  /// The node that gives the outputs, a flat vector an example.
  int output() const { return output_; }
  /// False if every pass gives the same outputs: nothing is drawn, neither for tensors nor by a
  /// layer.
  bool has_noise() const;
  /// Numbers that it gives for an example.
  int outputs() const { return nodes_[static_cast<std::size_t>(output_)].shape.channels; }

 private:
  void add_node(const LayerSpec& spec, const std::string& name, std::vector<int> inputs,
                const LayerMaker& make);
  int original_of(const std::string& variables, int node) const;
  void connect_node(Node& node) const;

  std::vector<Node> nodes_;
  ParameterLayout layout_;
  int output_ = 0;
};

}  // namespace bnn
