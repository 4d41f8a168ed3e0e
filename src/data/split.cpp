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

// How many examples of each class are held out: shares of `count` in proportion to the class. Each
// class keeps one to train on, unless so many are to be held out that it cannot.
std::vector<std::size_t> class_quotas(const std::vector<std::size_t>& sizes, std::size_t count) {
  const std::size_t examples = std::accumulate(sizes.begin(), sizes.end(), std::size_t{0});
  std::vector<std::size_t> quotas, remainders, order(sizes.size());
  for (const std::size_t size : sizes) {
    quotas.push_back(size * count / examples);
    remainders.push_back(size * count % examples);
  }
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return remainders[a] > remainders[b]; });
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] > 0) quotas[i] = std::min(quotas[i], sizes[i] - 1);
  }
  std::size_t missing = count - std::accumulate(quotas.begin(), quotas.end(), std::size_t{0});
  for (const std::size_t kept : {std::size_t{1}, std::size_t{0}}) {
    for (bool found = true; missing > 0 && found;) {
      found = false;
      for (std::size_t i = 0; i < order.size() && missing > 0; ++i) {
        std::size_t& quota = quotas[order[i]];
        if (quota + kept >= sizes[order[i]]) continue;
        ++quota;
        --missing;
        found = true;
      }
    }
  }
  return quotas;
}

// The shuffled examples, those that are held out first.
void bring_quotas_forward(std::span<const int> labels, std::size_t count,
                          std::vector<std::uint32_t>& shuffled) {
  const int classes = *std::max_element(labels.begin(), labels.end()) + 1;
  std::vector<std::size_t> sizes(static_cast<std::size_t>(classes), 0);
  for (const int label : labels) ++sizes[static_cast<std::size_t>(label)];
  std::vector<std::size_t> left = class_quotas(sizes, count);
  std::vector<std::uint32_t> held_out, others;
  for (const std::uint32_t example : shuffled) {
    std::size_t& quota = left[static_cast<std::size_t>(labels[example])];
    (quota > 0 ? held_out : others).push_back(example);
    if (quota > 0) --quota;
  }
  std::copy(others.begin(), others.end(),
            std::copy(held_out.begin(), held_out.end(), shuffled.begin()));
}

}  // namespace

Split split_validation(std::span<const int> labels, const DataConfig& config, std::uint64_t seed) {
  const std::size_t examples = labels.size();
  const std::size_t count = validation_count(examples, config);
  std::vector<std::uint32_t> order(examples);
  std::iota(order.begin(), order.end(), 0u);
  if (count > 0) shuffle(order, Stream{.seed = seed, .site = Site::validation_split});
  if (count > 0 && config.validation_split == ValidationSplit::stratified) {
    bring_quotas_forward(labels, count, order);
  }
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(count);
  Split split;
  split.validation.assign(order.begin(), middle);
  split.train.assign(middle, order.end());
  std::sort(split.validation.begin(), split.validation.end());
  std::sort(split.train.begin(), split.train.end());
  return split;
}

}  // namespace bnn
