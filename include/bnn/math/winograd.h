#pragma once
// Winograd's minimal filtering F(2x2, 3x3) for convolutions with 3x3 kernels (Lavin and Gray, "Fast
// Algorithms for Convolutional Neural Networks", CVPR 2016): a tile of 2x2 outputs is
//
//     Y = Aᵀ ((G g Gᵀ) ∘ (Bᵀ d B)) A        d: the 4x4 inputs under the tile, g: the 3x3 kernel,
//
// This takes 16 multiplications, and the definition 36. Summed over channels, each of the 16
// positions is a matrix product of its own:
// tiles x filters = (tiles x channels) (channels x filters).
//
// The three transforms are linear and act over space alone. Signs that are constant over space
// therefore pass through them. A flipout kernel is assembled after the transform:
//
//     G (M + (s rᵀ) ∘ D) Gᵀ = G M Gᵀ + (s rᵀ) ∘ (G D Gᵀ)
//
// The backward pass is the adjoint of each transform. Rounding differs from the definition's by
// some 1e-6 of the largest output.
//
// "Transformed" arrays are [16][...]: position 4 i + j holds row i, column j of the 4x4 matrix, and
// positions lie `step` floats apart. Channels must be a multiple of kWinogradLanes; the vectors of
// that width are the compiler's, so the source is the same for every processor. Thread-safe.

#include <cstddef>

#include "bnn/math/window.h"

namespace bnn {

constexpr int kWinogradPositions = 16;
constexpr int kWinogradLanes = 8;

/// True for 3x3 kernels, stride 1, no dilation.
bool has_winograd_form(const Window& window);

/// A band of tiles: the tile rows [first_row, last_row) over the whole width of the output.
struct TileBand {
  int first_row, last_row;
  int columns;  // tiles across

  int tiles() const { return (last_row - first_row) * columns; }
};

int winograd_tile_rows(const Window& window);
int winograd_tile_columns(const Window& window);

/// transformed = G g Gᵀ for `size` kernels side by side: kernel [9][size], [size] at each position.
void transform_kernel(const float* kernel, std::size_t size, std::size_t step, float* transformed);
/// Its adjoint: kernel [9][size] += Gᵀ u G.
void add_transform_kernel_adjoint(const float* transformed, std::size_t size, std::size_t step,
                                  float* kernel);

/// Bᵀ d B for the tiles of a band: [tiles][channels] at each position. `zeros`: `channels` zeros,
/// read where a tile leaves the image.
void transform_input(const Window& window, const TileBand& band, const float* image,
                     const float* zeros, std::size_t step, float* transformed);
/// Its adjoint: every input that lies in the image gets its share added.
void add_transform_input_adjoint(const Window& window, const TileBand& band,
                                 const float* transformed, std::size_t step, float* image);

/// Aᵀ m A for the tiles of a band, written to output [height][width][filters].
void transform_output(const Window& window, const TileBand& band, const float* transformed,
                      std::size_t step, int filters, float* output);
/// Its adjoint: transformed = A y Aᵀ. `zeros`: `filters` zeros, read beyond the output.
void transform_output_adjoint(const Window& window, const TileBand& band, const float* output,
                              int filters, const float* zeros, std::size_t step,
                              float* transformed);

}  // namespace bnn
