#pragma once
// The end of a training step for layers with state that gradients do not train (layers/layer.h).
//
// Not thread-safe while parameters are written; it holds no numbers of its own.

#include <cstddef>
#include <string>
#include <vector>

#include "bnn/model/graph.h"

namespace bnn {

class StateUpdate {
 public:
  /// The graph must outlive this.
  explicit StateUpdate(const Graph& graph);

  /// Lets each layer with state make the new one, in the order of the graph.
  /// @param sums an array of the layout: what the shards of the step contributed, added up
  /// @param examples of the batch
  /// @param parameters an array of the layout, of which the state is read and written
  /// @return the name of the first layer whose new state is not finite, or ""
  std::string run(const float* sums, std::size_t examples, float* parameters) const;

 private:
  struct Owner {
    const Node* node;
    int uses = 0;  // nodes that share the state, this one among them
    std::vector<Slice> slices;
  };

  std::vector<Owner> owners_;
};

}  // namespace bnn
