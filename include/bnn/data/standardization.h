#pragma once
// The numbers by which pixels are standardised, as plain values.

#include <vector>

namespace bnn {

/// One mean and one std per channel, of pixels scaled to 0 … 1: the model sees
/// (byte / 255 - mean) / std.
struct Standardization {
  std::vector<double> mean, std;
};

}  // namespace bnn
