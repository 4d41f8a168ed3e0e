#pragma once
// A permutation that is a pure function of a random stream.

#include <cstdint>
#include <span>

#include "bnn/core/random.h"

namespace bnn {

/// Fisher and Yates' shuffle: position i, from the last down to 1, changes places with a uniform
/// one of 0 … i, chosen by word i of the stream.
void shuffle(std::span<std::uint32_t> values, const Stream& stream);

}  // namespace bnn
