#include "bnn/model/features.h"

namespace bnn {

namespace {

// Dense and convolution layers alone have products to count.
bool multiplies(const Node& node) {
  return node.layer != nullptr && node.layer->multiply_adds() > 0;
}

}  // namespace

std::optional<FeatureNode> find_features(const Graph& graph) {
  const auto at = [&](int i) -> const Node& { return graph.nodes()[static_cast<std::size_t>(i)]; };
  int last = graph.output();
  while (!multiplies(at(last))) {
    if (at(last).inputs.size() != 1) return std::nullopt;  // the input has none
    last = at(last).inputs[0];
  }
  const int node = at(at(last).inputs[0]).storage;
  return FeatureNode{node, at(node).shape.size()};
}

}  // namespace bnn
