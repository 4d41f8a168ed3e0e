#pragma once
// The numbers by which pixels are standardised: (byte / 255 - mean) / std, per channel.

#include <cstdint>
#include <span>

#include "bnn/core/thread_pool.h"
#include "bnn/data/data_config.h"
#include "bnn/data/dataset.h"

namespace bnn {

/// Mean and standard deviation (of the population) of byte / 255 per channel over the given
/// examples, at least one. They come from exact sums of whole numbers, so the order of the
/// examples does not matter. A constant channel gets std 1: it is centred, and nothing is divided
/// by zero.
Standardization measure_standardization(const Dataset& data,
                                        std::span<const std::uint32_t> examples, ThreadPool& pool);

/// What the config asks for: measured, given, or mean 0 and std 1. Throws (config) if the given
/// numbers are not one pair per channel.
Standardization resolve_standardization(const DataConfig& config, const Dataset& data,
                                        std::span<const std::uint32_t> examples, ThreadPool& pool);

}  // namespace bnn
