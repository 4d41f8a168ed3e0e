#pragma once
// Which activations share memory.
//
// A buffer is needed from one step of a pass to a later one. Buffers whose spans of time do not
// meet may lie at the same place; first fit in the order of their beginning keeps the total near
// the largest sum that is alive at once.

#include <cstddef>
#include <vector>

namespace bnn {

struct PlannedBuffer {
  std::size_t size = 0;    // floats
  int begin = 0, end = 0;  // first and last step that use it
  std::size_t offset = 0;  // set by plan_memory, a multiple of kAlignment
};

/// Sets the offsets and returns the floats needed in all.
std::size_t plan_memory(std::vector<PlannedBuffer>& buffers);

}  // namespace bnn
