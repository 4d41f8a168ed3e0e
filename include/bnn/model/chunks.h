#pragma once
// The parameters cut into pieces of fixed size for element-wise work.
//
// A chunk is a range of elements of one random tensor (its loc and scale together) or of one point
// variable. The cut depends on the layout alone, never on the number of threads, so that results do
// not either. Chunks may be processed in any order and at the same time. The variables of trainable
// priors are in no chunk: they are single numbers that the whole tensor pulls at. State, which is
// not trained, has chunks of its own.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bnn/bayes/parameter_layout.h"
#include "bnn/core/random.h"

namespace bnn {

/// Elements of one chunk at most; a multiple of what random.h makes at once.
constexpr std::size_t kChunkElements = 8192;

struct Chunk {
  std::size_t variable;               // loc, or the point variable
  std::optional<std::size_t> scale;   // untransformed scale of a random tensor
  std::optional<std::size_t> tensor;  // number of the random tensor
  std::size_t begin, size;            // elements within the variable

  /// The variable, and the scale if there is one.
  std::array<std::optional<std::size_t>, 2> variables() const { return {variable, scale}; }
};

/// All parameters but those of trainable priors.
std::vector<Chunk> cut_into_chunks(const ParameterLayout& layout);

/// All state.
std::vector<Chunk> cut_state_into_chunks(const ParameterLayout& layout);

/// The chunk's part of `variable` in a flat array.
template <typename Float>
std::span<Float> part(const ParameterLayout& layout, std::size_t variable, const Chunk& chunk,
                      Float* array) {
  return {array + layout.variables()[variable].slice.offset + chunk.begin, chunk.size};
}

/// The chunk's parts of a flat array: of the mean (or the point variable), and of the scale, which
/// is empty for a point variable.
template <typename Float>
struct ChunkParts {
  std::span<Float> loc, scale;
};

template <typename Float>
ChunkParts<Float> parts(const ParameterLayout& layout, const Chunk& chunk, Float* array) {
  if (!chunk.scale) return {part(layout, chunk.variable, chunk, array), {}};
  return {part(layout, chunk.variable, chunk, array), part(layout, *chunk.scale, chunk, array)};
}

/// Draws a random tensor's chunk under (seed, site, step): standard normal noise (all ones where
/// the draw is the scale itself), and what Draw says, both in the slice of the untransformed scale.
/// `noise` and `draws` may be the same array where the noise is not needed again.
void draw_chunk(const ParameterLayout& layout, const Chunk& chunk, const float* parameters,
                std::uint64_t seed, Site site, std::uint32_t step, float* noise, float* draws);

/// By what the gradient for a posterior's scale is taken.
enum class ScaleDerivative { untransformed_scale, sigma };

/// Turns what layers returned for a random tensor's chunk into the gradient for its mean and its
/// scale, in place. `noise` as draw_chunk left it.
void draw_gradient_to_posterior(const ParameterLayout& layout, const Chunk& chunk,
                                const float* parameters, const float* noise, float* gradient,
                                ScaleDerivative by = ScaleDerivative::untransformed_scale);

}  // namespace bnn
