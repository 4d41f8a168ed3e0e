#pragma once
// A number that tells one data set from another.

#include <cstdint>

#include "bnn/core/thread_pool.h"
#include "bnn/data/dataset.h"

namespace bnn {

/// The CRC-32 of all pixels, followed by all labels.
std::uint32_t data_digest(const Dataset& images, ThreadPool& pool);

}  // namespace bnn
