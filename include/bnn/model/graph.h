#pragma once
// A network: a directed acyclic graph of layers with their shapes, in an order of execution.
//
// Node 0 is the model's input, named "input". A node's inputs come before it. The last layer of the
// config gives the outputs, which a likelihood reads (for classifiers: logits). A view (flatten)
// stores nothing, and `storage` is the node whose memory it reads. A layer with `reuse` is a
// separate node with an automatic name (conv1_1). It uses the variables of its `original`, whose KL
// counts once. One draw of the weights is one function, so both nodes use the same weights for the
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
  LayerOptions options = {};     // what the layer was made from
  Regularizer activity_regularizer = {};
  bool needs_gradient = false;  // whether a trainable variable lies at or above this node
};

/// The function that makes a graph's layers. It is make_layer, or in tests a function that knows
/// more layers.
using LayerMaker = std::function<decltype(make_layer)>;

class Graph {
 public:
  /// Throws Error(config), naming the layers, if names, connections or shapes do not fit.
  explicit Graph(const ModelSpec& spec, const LayerMaker& make = make_layer);

  const std::vector<Node>& nodes() const { return nodes_; }
  const ParameterLayout& layout() const { return layout_; }
  const Shape& input_shape() const { return nodes_.front().shape; }
  /// The node that gives the outputs, one flat vector per example.
  int output() const { return output_; }
  /// True if something is drawn, for a tensor or by a layer. If not, every pass gives the same
  /// outputs.
  bool has_noise() const;
  /// The number of outputs of one example.
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
