#pragma once
// The order in which the examples of a shard visit the layers.
//
// Layers with large images hand over more numbers than a processor's cache holds for a whole shard.
// A stage is a run of neighbouring layers that a few examples, a portion of the shard, visit one
// after the other before the next portion begins, so that what one layer writes is still in the
// cache when the next one reads it. Small layers take the whole shard at once, since they read
// their weights once per portion. The portions depend on shapes alone: the same bits on any
// machine.

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
/// @param portion_floats what a layer may read and write for one portion, unless one example is
/// more
std::vector<ExecutionStage> plan_stages(const Graph& graph, int shard_examples,
                                        std::size_t portion_floats);

}  // namespace bnn
