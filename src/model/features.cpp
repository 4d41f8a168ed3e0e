#include "bnn/model/features.h"

namespace bnn {

std::optional<FeatureNode> find_features(const Graph& graph) {
  const auto at = [&](int i) -> const Node& { return graph.nodes()[static_cast<std::size_t>(i)]; };
  int last = graph.output();
  while (at(last).variables.size() == 0) {
    if (at(last).inputs.size() != 1) return std::nullopt;  // the input has none
    last = at(last).inputs[0];
  }
  const int node = at(at(last).inputs[0]).storage;
  return FeatureNode{node, at(node).shape.size()};
}

}  // namespace bnn
