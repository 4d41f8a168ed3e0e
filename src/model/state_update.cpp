#include "bnn/model/state_update.h"

#include <algorithm>
#include <cmath>

namespace bnn {

StateUpdate::StateUpdate(const Graph& graph) {
  const std::vector<Node>& nodes = graph.nodes();
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    if (nodes[i].original != static_cast<int>(i)) continue;
    Owner owner{&nodes[i], 0.0, {}};
    for (std::size_t v = nodes[i].variables.begin; v < nodes[i].variables.end; ++v) {
      const Variable& variable = graph.layout().variables()[v];
      if (variable.is_state()) owner.slices.push_back(variable.slice);
    }
    if (owner.slices.empty()) continue;
    for (const Node& node : nodes) {
      if (node.original == static_cast<int>(i)) owner.values += node.layer->state_values();
    }
    owners_.push_back(std::move(owner));
  }
}

std::string StateUpdate::run(const float* sums, std::size_t examples, float* parameters) const {
  std::string broken;
  for (const Owner& owner : owners_) {
    const double count = static_cast<double>(examples) * owner.values;
    owner.node->layer->update_state({sums, count, parameters});
    for (const Slice& slice : owner.slices) {
      const float* state = parameters + slice.offset;
      const bool finite =
          std::all_of(state, state + slice.size, [](float x) { return std::isfinite(x); });
      if (!finite && broken.empty()) broken = owner.node->name;
    }
  }
  return broken;
}

}  // namespace bnn
