#include "bnn/data/standardize.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fmt/format.h>
#include <vector>

#include "bnn/core/error.h"

namespace bnn {
namespace {

// Whole numbers, so nothing is rounded before the end.
struct Sums {
  std::uint64_t count = 0, values = 0, squares = 0;

  void add(const Sums& other) {
    values += other.values;
    squares += other.squares;
  }
};

// Sums of bytes and of their squares at each place of a run of pixels, in numbers so narrow that a
// vector holds many.
class RunSums {
 public:
  explicit RunSums(std::size_t channels) : values_(channels * kPixels), squares_(values_.size()) {}

  void add(std::span<const std::uint8_t> image, std::vector<Sums>& total) {
    for (std::size_t first = 0; first < image.size(); first += values_.size()) {
      const std::size_t size = std::min(values_.size(), image.size() - first);
      const std::uint8_t* __restrict bytes = image.data() + first;
      std::uint32_t* __restrict values = values_.data();
      std::uint32_t* __restrict squares = squares_.data();
      for (std::size_t i = 0; i < size; ++i) {
        const std::uint32_t byte = bytes[i];
        values[i] += byte;
        squares[i] += byte * byte;
      }
      if (++runs_ == kMaxRuns) flush(total);
    }
  }

  void flush(std::vector<Sums>& total) {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      total[i % total.size()].values += values_[i];
      total[i % total.size()].squares += squares_[i];
    }
    std::fill(values_.begin(), values_.end(), 0u);
    std::fill(squares_.begin(), squares_.end(), 0u);
    runs_ = 0;
  }

 private:
  static constexpr std::size_t kPixels = 64;  // of a run, whole vectors of any channels
  static constexpr int kMaxRuns = 65536;      // 65536 * 255² < 2^32

  std::vector<std::uint32_t> values_, squares_;
  int runs_ = 0;
};

std::vector<Sums> sums_of_channels(const Dataset& data, std::span<const std::uint32_t> examples,
                                   ThreadPool& pool) {
  const auto channels = static_cast<std::size_t>(data.shape().channels);
  const auto workers = static_cast<std::size_t>(pool.size());
  std::vector<std::vector<Sums>> parts(workers, std::vector<Sums>(channels));
  pool.run(workers, [&](std::size_t i, int) {
    const std::size_t first = i * examples.size() / workers;
    const std::size_t last = (i + 1) * examples.size() / workers;
    RunSums runs(channels);
    for (const std::uint32_t example : examples.subspan(first, last - first)) {
      runs.add(data.image(example), parts[i]);
    }
    runs.flush(parts[i]);
  });
  std::vector<Sums> total(channels);
  for (const std::vector<Sums>& part : parts) {
    for (std::size_t c = 0; c < channels; ++c) total[c].add(part[c]);
  }
  for (Sums& sums : total) sums.count = examples.size() * data.shape().pixels();
  return total;
}

struct Moments {
  double mean = 0, std = 1;
};

// The variance is (n Σx² - (Σx)²) / n², whose numerator is exact in 128 bits.
Moments moments_of(const Sums& sums) {
  using Wide = unsigned __int128;
  const auto n = static_cast<double>(sums.count);
  const Wide spread = Wide{sums.count} * sums.squares - Wide{sums.values} * sums.values;
  const double deviation = std::sqrt(static_cast<double>(spread)) / n;
  const double mean = static_cast<double>(sums.values) / n;
  return {mean / 255.0, deviation > 0 ? deviation / 255.0 : 1.0};
}

}  // namespace

Standardization measure_standardization(const Dataset& data,
                                        std::span<const std::uint32_t> examples, ThreadPool& pool) {
  Standardization result;
  for (const Sums& sums : sums_of_channels(data, examples, pool)) {
    const Moments moments = moments_of(sums);
    result.mean.push_back(moments.mean);
    result.std.push_back(moments.std);
  }
  return result;
}

Standardization resolve_standardization(const DataConfig& config, const Dataset& data,
                                        std::span<const std::uint32_t> examples, ThreadPool& pool) {
  const auto channels = static_cast<std::size_t>(data.shape().channels);
  if (config.standardize == StandardizeMode::channel) {
    return measure_standardization(data, examples, pool);
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
