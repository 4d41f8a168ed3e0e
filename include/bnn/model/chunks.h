#pragma once
// The parameters cut into pieces of fixed size for element-wise work.
//
// A chunk is a range of elements of one random tensor (its loc and scale together) or of one point
// variable. The cut depends on the layout alone and not on the number of threads, so results do not
// depend on it either. Chunks may be processed in any order and at the same time. The variables of
// trainable priors are in no chunk. They are single numbers, and their gradients are sums over the
// whole tensor. State is not trained and has its own chunks.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bnn/bayes/parameter_layout.h"
#include "bnn/core/random.h"

namespace bnn {

/// The largest number of elements of one chunk. It is a multiple of what random.h makes at once.
constexpr std::size_t kChunkElements = 8192;

struct Chunk {
  std::size_t variable;               // loc, or the point variable
  std::optional<std::size_t> scale;   // untransformed scale of a random tensor
  std::optional<std::size_t> tensor;  // index of the random tensor
  std::size_t begin, size;            // elements within the variable

  /// The variable, and the scale if there is one.
  std::array<std::optional<std::size_t>, 2> variables() const { return {variable, scale}; }
};

/// Cuts all parameters into chunks, except those of trainable priors.
std::vector<Chunk> cut_into_chunks(const ParameterLayout& layout);

/// Cuts all state into chunks.
std::vector<Chunk> cut_state_into_chunks(const ParameterLayout& layout);

/// The chunk's part of `variable` in a flat array.
template <typename Float>
std::span<Float> part(const ParameterLayout& layout, std::size_t variable, const Chunk& chunk,
                      Float* array) {
  return {array + layout.variables()[variable].slice.offset + chunk.begin, chunk.size};
}

/// The chunk's parts of a flat array. `loc` is the part of the mean or of the point variable.
/// `scale` is empty for a point variable.
template <typename Float>
struct ChunkParts {
  std::span<Float> loc, scale;
};

template <typename Float>
ChunkParts<Float> parts(const ParameterLayout& layout, const Chunk& chunk, Float* array) {
  if (!chunk.scale) return {part(layout, chunk.variable, chunk, array), {}};
  return {part(layout, chunk.variable, chunk, array), part(layout, *chunk.scale, chunk, array)};
}

/// Draws a chunk of a random tensor from the stream (seed, site, step). `noise` gets standard
/// normal numbers, or ones for Draw::scale. `draws` gets the numbers that Draw names. Both are
/// written to the slice of the untransformed scale. `noise` and `draws` may be the same array if
/// the noise is not needed again.
void draw_chunk(const ParameterLayout& layout, const Chunk& chunk, const float* parameters,
                std::uint64_t seed, Site site, std::uint32_t step, float* noise, float* draws);

/// The variable that the gradient for a posterior's scale is taken for.
enum class ScaleDerivative { untransformed_scale, sigma };

/// Turns the gradient that layers returned for a chunk of a random tensor into the gradients for
/// its mean and its scale, in place. `noise` is what draw_chunk wrote.
void draw_gradient_to_posterior(const ParameterLayout& layout, const Chunk& chunk,
                                const float* parameters, const float* noise, float* gradient,
                                ScaleDerivative by = ScaleDerivative::untransformed_scale);

}  // namespace bnn
