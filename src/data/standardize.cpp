#include "bnn/data/standardize.h"

#include <array>
#include <cmath>
#include <fmt/format.h>
#include <vector>

#include "bnn/core/error.h"

namespace bnn {
namespace {

using Histogram = std::array<std::uint64_t, 256>;

std::vector<Histogram> count_values(const Dataset& data, std::span<const std::uint32_t> examples) {
  const auto channels = static_cast<std::size_t>(data.shape().channels);
  const std::size_t pixels = data.shape().pixels();
  std::vector<Histogram> counts(channels, Histogram{});
  for (const std::uint32_t example : examples) {
    const std::span<const std::uint8_t> image = data.image(example);
    for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
      for (std::size_t c = 0; c < channels; ++c) ++counts[c][image[pixel * channels + c]];
    }
  }
  return counts;
}

struct Moments {
  double mean = 0, std = 1;
};

Moments moments_of(const Histogram& counts) {
  std::uint64_t total = 0, sum = 0;
  for (std::size_t value = 0; value < counts.size(); ++value) {
    total += counts[value];
    sum += value * counts[value];
  }
  const double mean = static_cast<double>(sum) / static_cast<double>(total);
  // Around the mean, unlike mean square minus squared mean, nothing cancels.
  double squares = 0;
  for (std::size_t value = 0; value < counts.size(); ++value) {
    const double distance = static_cast<double>(value) - mean;
    squares += static_cast<double>(counts[value]) * distance * distance;
  }
  const double deviation = std::sqrt(squares / static_cast<double>(total));
  return {mean / 255.0, deviation > 0 ? deviation / 255.0 : 1.0};
}

}  // namespace

Standardization measure_standardization(const Dataset& data,
                                        std::span<const std::uint32_t> examples) {
  Standardization result;
  for (const Histogram& counts : count_values(data, examples)) {
    const Moments moments = moments_of(counts);
    result.mean.push_back(moments.mean);
    result.std.push_back(moments.std);
  }
  return result;
}

Standardization resolve_standardization(const DataConfig& config, const Dataset& data,
                                        std::span<const std::uint32_t> examples) {
  const auto channels = static_cast<std::size_t>(data.shape().channels);
  if (config.standardize == StandardizeMode::channel) {
    return measure_standardization(data, examples);
  }
  if (config.standardize == StandardizeMode::none) {
    return {std::vector<double>(channels, 0.0), std::vector<double>(channels, 1.0)};
  }
  const std::size_t given = config.standardization.mean.size();
  if (given != channels || config.standardization.std.size() != channels) {
    throw Error(ErrorKind::config,
                fmt::format("/data/standardize: expected one mean and one std for each of the {} "
                            "channels of /model/input, found {}",
                            channels, given));
  }
  return config.standardization;
}

}  // namespace bnn
