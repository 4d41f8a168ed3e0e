#pragma once
// What readers of data files give: images as bytes and their labels, before anything is known of
// the other files of the set.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bnn/core/byte_array.h"

namespace bnn {

struct RawImages {
  ByteArray pixels = {};         // [example][row][column][channel]
  std::vector<int> labels = {};  // [example], or empty: the files have none
};

}  // namespace bnn
