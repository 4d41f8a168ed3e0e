#include "bnn/infer/class_ranks.h"

#include <algorithm>
#include <numeric>

namespace bnn {

ClassRanks::ClassRanks(std::vector<int> labels, std::span<const float> probabilities,
                       std::size_t classes)
    : classes_(classes), labels_(std::move(labels)) {
  const std::size_t examples = labels_.size();
  order_.reserve(examples * classes);
  std::vector<std::uint32_t> order(examples);
  for (std::size_t k = 0; k < classes; ++k) {
    const auto p = [&](std::uint32_t example) { return probabilities[example * classes + k]; };
    std::iota(order.begin(), order.end(), 0u);
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return p(a) < p(b); });
    for (std::size_t i = 0; i < examples; ++i) {
      const bool is_higher = i > 0 && p(order[i]) > p(order[i - 1]);
      order_.push_back(order[i] | (is_higher ? kHigher : 0));
    }
  }
}

}  // namespace bnn
