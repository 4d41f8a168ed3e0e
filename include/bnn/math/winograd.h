#pragma once
// Winograd's minimal filtering F(m x m, r x r) for convolutions with r x r kernels (Lavin and Gray,
// "Fast Algorithms for Convolutional Neural Networks", CVPR 2016): a tile of m x m outputs is
//
//     Y = Aᵀ ((G g Gᵀ) ∘ (Bᵀ d B)) A        d: the inputs under the tile, n x n; g: the kernel
//
// with n = m + r - 1. Multiplications for each output:
//
//     F(2x2, 3x3)  16 / 4     F(4x4, 3x3)  36 / 16     the definition  9
//     F(2x2, 5x5)  36 / 4                              the definition  25
//
// Summed over channels, each of the n² positions is a matrix product of its own:
// tiles x filters = (tiles x channels) (channels x filters).
//
// The three transforms are linear and act over space alone. Signs that are constant over space
// therefore pass through them. A flipout kernel is assembled after the transform:
//
//     G (M + (s rᵀ) ∘ D) Gᵀ = G M Gᵀ + (s rᵀ) ∘ (G D Gᵀ)
//
// The backward pass is the adjoint of each transform. Rounding differs from the definition's by
// some 1e-6 of the largest output for F(2x2, 3x3) and 1e-5 for the others, whose transforms have
// larger numbers.
//
// "Transformed" arrays are [n²][...]: position n i + j holds row i, column j, and positions
// lie `step` floats apart. Channels must be a multiple of kWinogradLanes; the vectors of that width
// are the compiler's, so the source is the same for every processor. Thread-safe.

#include <cstddef>

#include "bnn/math/window.h"

namespace bnn {

constexpr int kWinogradLanes = 8;

/// m and r of F(m x m, r x r): {2, 3}, {4, 3} or {2, 5}.
struct WinogradSize {
  int outputs = 2, taps = 3;

  int inputs() const { return outputs + taps - 1; }
  int positions() const { return inputs() * inputs(); }
};

/// True for 3x3 and 5x5 kernels, stride 1, no dilation.
bool has_winograd_form(const Window& window);

/// A band of tiles: the tile rows [first_row, last_row) over the whole width of the output.
struct TileBand {
  int first_row, last_row;
  int columns;  // tiles across

  int tiles() const { return (last_row - first_row) * columns; }
};

int winograd_tile_rows(WinogradSize size, const Window& window);
int winograd_tile_columns(WinogradSize size, const Window& window);

/// transformed = G g Gᵀ for kernels [r²][depth][columns], packed at each position
/// (packed_matrix.h).
void transform_kernel(WinogradSize size, const float* kernel, int depth, int columns,
                      std::size_t step, float* transformed);
/// Its adjoint for `kernels` = depth * columns, which lie without gaps at each position: kernel
/// [r²][kernels] += Gᵀ u G.
void add_transform_kernel_adjoint(WinogradSize size, const float* transformed, std::size_t kernels,
                                  std::size_t step, float* kernel);

/// Bᵀ d B for the tiles of a band: [tiles][channels] at each position. `zeros`: `channels` zeros,
/// read where a tile leaves the image.
void transform_input(WinogradSize size, const Window& window, const TileBand& band,
                     const float* image, const float* zeros, std::size_t step, float* transformed);
/// Its adjoint: every input that lies in the image gets its share added.
void add_transform_input_adjoint(WinogradSize size, const Window& window, const TileBand& band,
                                 const float* transformed, std::size_t step, float* image);

/// Aᵀ m A for the tiles of a band, written to output [height][width][filters].
void transform_output(WinogradSize size, const Window& window, const TileBand& band,
                      const float* transformed, std::size_t step, int filters, float* output);
/// Its adjoint: transformed = A y Aᵀ. `zeros`: `filters` zeros, read beyond the output.
void transform_output_adjoint(WinogradSize size, const Window& window, const TileBand& band,
                              const float* output, int filters, const float* zeros,
                              std::size_t step, float* transformed);

}  // namespace bnn
