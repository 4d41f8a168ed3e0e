#pragma once
// Whole samples of the weights: one network for all images, drawn from the posterior.
//
// Flipout turns one draw into different weights for every image by signs. A pass with "shared
// draws" leaves the signs out, so that sample s is an ordinary network: its random weights are
// mu + sigma * noise_s, with the noise of the same streams. Averages over samples then estimate the
// same posterior predictive; predictions of different images are correlated. Exports need such
// samples, since other programs know no signs. Dropout has one mask for all images of a sample.
// Thread-safe: no state.

#include <cstdint>

#include "bnn/core/aligned_array.h"
#include "bnn/core/thread_pool.h"
#include "bnn/model/chunks.h"

namespace bnn {

/// The parameters with sample `sample` of every random weight in the place of its mean, where the
/// network draws it at all.
/// @param chunks cut_into_chunks of the layout
/// @param sampled an array of the layout, overwritten
void sample_weights(const ParameterLayout& layout, const std::vector<Chunk>& chunks,
                    const AlignedArray& parameters, std::uint64_t seed, std::uint32_t sample,
                    ThreadPool& pool, AlignedArray& sampled);

}  // namespace bnn
