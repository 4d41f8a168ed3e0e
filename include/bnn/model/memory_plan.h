#pragma once
// Which activations share memory.
//
// A buffer is in use from one step of a pass to a later one. Buffers may share memory if no step
// uses both. Each buffer is placed at the first offset where it fits, in the order of their first
// steps. This keeps the total near the largest sum of buffers in use at one step.

#include <cstddef>
#include <vector>

namespace bnn {

struct PlannedBuffer {
  std::size_t size = 0;    // floats
  int begin = 0, end = 0;  // first and last step that use it
  std::size_t offset = 0;  // set by plan_memory, a multiple of kAlignment
};

/// Sets the offsets and returns the total number of floats.
std::size_t plan_memory(std::vector<PlannedBuffer>& buffers);

}  // namespace bnn
