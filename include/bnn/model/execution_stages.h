#pragma once
// The order in which the examples of a shard visit the layers.
//
// Layers with large images hand over more numbers than a processor's cache holds for a whole shard.
// A stage is therefore a run of neighbouring layers through which a portion of the shard passes, a
// few examples, before the next portion begins. What one layer writes is then still in the cache
// when the next one reads it. Layers that do something once for many examples take the whole shard.
//
// Portions depend on the shapes of the network and on the size of a shard, never on the machine.
// They decide the order in which the gradient of a variable is added up if several layers share it.
// All other numbers have the same bits in portions of any size.

#include <cstddef>
#include <vector>

#include "bnn/model/graph.h"

namespace bnn {

/// 512 KiB: the second-level cache of a small processor, a quarter of a large one's.
constexpr std::size_t kPortionFloats = 128 * 1024;

struct ExecutionStage {
  int begin = 0, end = 0;  // its nodes are begin … end - 1
  int examples = 1;        // the most of a portion
};

/// The stages of a shard of at most `shard_examples`, in order; together they hold all nodes but
/// the input.
/// @param portion_floats what a layer that works by example may read and write for one portion; a
///   single example may be more
std::vector<ExecutionStage> plan_stages(const Graph& graph, int shard_examples,
                                        std::size_t portion_floats);

}  // namespace bnn
