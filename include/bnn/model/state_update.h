#pragma once
// The end of a training step for layers with state that gradients do not train (layers/layer.h).
//
// Not thread-safe, because run() writes parameters. The object itself stores no state.

#include <cstddef>
#include <string>
#include <vector>

#include "bnn/model/graph.h"

namespace bnn {

class StateUpdate {
 public:
  /// The graph must outlive this.
  explicit StateUpdate(const Graph& graph);

  /// Calls update_state of each layer with state, in the order of the graph.
  /// @param sums an array of the layout: the sums of what the shards of the step contributed
  /// @param examples the number of examples of the batch
  /// @param parameters an array of the layout; the state in it is read and written
  /// @return the name of the first layer whose new state is not finite, or ""
  std::string run(const float* sums, std::size_t examples, float* parameters) const;

 private:
  struct Owner {
    const Node* node;
    double values = 0.0;  // state_values of all nodes that share the state
    std::vector<Slice> slices;
  };

  std::vector<Owner> owners_;
};

}  // namespace bnn
