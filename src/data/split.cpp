#include "bnn/data/split.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numeric>

#include "bnn/core/error.h"
#include "bnn/data/shuffle.h"

namespace bnn {
namespace {

std::size_t validation_count(std::size_t examples, const DataConfig& config) {
  const double wanted = config.validation_fraction > 0
                            ? std::round(config.validation_fraction * static_cast<double>(examples))
                            : static_cast<double>(config.validation_examples);
  if (config.validation_fraction > 0 && wanted < 1) {
    throw Error(
        ErrorKind::config,
        fmt::format("/data/validation: the fraction holds out none of the {} training examples",
                    examples));
  }
  if (wanted >= static_cast<double>(examples)) {
    throw Error(ErrorKind::config,
                fmt::format("/data/validation: leaves nothing to train on; there are only {} "
                            "training examples",
                            examples));
  }
  return static_cast<std::size_t>(wanted);
}

}  // namespace

Split split_validation(std::size_t examples, const DataConfig& config, std::uint64_t seed) {
  const std::size_t count = validation_count(examples, config);
  std::vector<std::uint32_t> order(examples);
  std::iota(order.begin(), order.end(), 0u);
  if (count > 0) shuffle(order, Stream{.seed = seed, .site = Site::validation_split});
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(count);
  Split split;
  split.validation.assign(order.begin(), middle);
  split.train.assign(middle, order.end());
  std::sort(split.validation.begin(), split.validation.end());
  std::sort(split.train.begin(), split.train.end());
  return split;
}

}  // namespace bnn
