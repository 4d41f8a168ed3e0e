#include "bnn/data/shuffle.h"

#include <utility>

namespace bnn {

void shuffle(std::span<std::uint32_t> values, const Stream& stream) {
  for (std::size_t i = values.size(); i-- > 1;) {
    const std::size_t other = random_below(stream, i, static_cast<std::uint32_t>(i + 1));
    std::swap(values[i], values[other]);
  }
}

}  // namespace bnn
