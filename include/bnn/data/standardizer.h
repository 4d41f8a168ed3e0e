#pragma once
// From bytes to the numbers that a network sees: (byte / 255 - mean) / std, per channel.
//
// Each of the 256 bytes is converted once, in double, and rounded to float. Immutable, thread-safe;
// nothing is allocated after construction.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bnn/data/dataset.h"
#include "bnn/data/standardization.h"

namespace bnn {

class Standardizer {
 public:
  explicit Standardizer(const Standardization& standardization);

  int channels() const { return static_cast<int>(channels_); }

  /// Writes the images [chosen.size()][shape] of the dataset indices `chosen`.
  /// @param data images of as many channels as there are means
  void fill(const Dataset& data, std::span<const std::uint32_t> chosen, float* images) const;

  /// Converts `count` pixels, which lie `stride` bytes apart; backwards if it is negative.
  void convert(const std::uint8_t* pixels, std::ptrdiff_t stride, std::size_t count,
               float* out) const;

  /// Converts `count` pixels of numbers between 0 and 255 in place.
  void convert(std::size_t count, float* pixels) const;

  /// Writes `count` black pixels: byte 0 in every channel, standardised.
  void fill_black(std::size_t count, float* out) const;

 private:
  std::size_t channels_;
  std::vector<float> values_;  // [channel][byte]
};

}  // namespace bnn
