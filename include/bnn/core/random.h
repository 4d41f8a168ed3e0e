#pragma once
// Counter-based random numbers, named by their use.
//
// Element i of a stream is a pure function of the stream's name (seed, site, index, step, example)
// and of i: nothing is stored between calls, so the order of evaluation, the number of threads and
// the composition of a batch cannot change a number, and a resumed run needs no saved state.
// The generator is Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3",
// SC 2011). Each counter block gives four 32-bit words. All functions are thread-safe.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace bnn {

/// What a stream is used for. The values are part of the meaning of a seed: never renumber them.
enum class Site : std::uint32_t {
  initializer = 0,
  weight_noise = 1,        // training: step = draw, steps * samples + sample
  sign_input = 2,          // the same draw, example = position in the batch
  sign_output = 3,         //
  shuffle = 4,             // step = epoch
  validation_split = 5,    //
  flip = 6,                // step = training step, example = dataset index
  crop = 7,                //
  predict_noise = 8,       // evaluation: step = Monte Carlo sample
  predict_sign_input = 9,  // evaluation: sample, index in the file
  predict_sign_output = 10,
  output_noise = 11,          // local reparameterization, one number per output; as sign_input
  example_weight_noise = 12,  // weights drawn for each example
  dropout = 13,
  predict_output_noise = 14,
  predict_example_weight_noise = 15,
  predict_dropout = 16,
  divergence = 17,      // Monte Carlo divergence: step = training step, example = draw
  bootstrap = 18,       // step = resample
  corruption = 19,      // of test images: index = corruption, example = Dataset::stream_name
  class_sampling = 20,  // index = class, step = epoch, example = how often all were gone through
  augmentation = 21,    // index = AugmentationUse, step = training step, example = dataset index
};

/// The name of a stream. `index` tells apart the variables or layers that share a site and must
/// stay below 2^24.
struct Stream {
  std::uint64_t seed = 0;
  Site site = Site::initializer;
  std::uint32_t index = 0;
  std::uint32_t step = 0;
  std::uint32_t example = 0;
};

/// Ten rounds of Philox4x32: four random words for one counter under one key.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key);

/// Word i of the stream.
std::uint32_t random_word(const Stream& stream, std::size_t i);

/// A uniform integer in [0, bound) made from word i; the bias is below bound / 2^32.
std::uint32_t random_below(const Stream& stream, std::size_t i, std::uint32_t bound);

/// Elements first, first + 1, … of the stream as uniform numbers in the open interval (0, 1).
void fill_uniform(const Stream& stream, std::size_t first, std::span<float> out);

/// Elements first, first + 1, … of the stream as standard normal numbers (Box and Muller, 1958).
void fill_normal(const Stream& stream, std::size_t first, std::span<float> out);

/// Elements first, first + 1, … of the stream as fair signs, exactly +1.0f or -1.0f; one bit of a
/// word each.
void fill_signs(const Stream& stream, std::size_t first, std::span<float> out);

}  // namespace bnn
