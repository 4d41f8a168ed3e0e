#pragma once
// Winograd's minimal filtering F(m x m, 3x3) for convolutions with 3x3 kernels (Lavin and Gray,
// "Fast Algorithms for Convolutional Neural Networks", CVPR 2016): a tile of m x m outputs is
//
//     Y = Aᵀ ((G g Gᵀ) ∘ (Bᵀ d B)) A        d: the inputs under the tile, (m+2) x (m+2); g: the
//     kernel
//
// F(2x2, 3x3) takes 16 multiplications for 4 outputs, F(4x4, 3x3) 36 for 16, the definition 9 for
// each. Summed over channels, each of the (m+2)² positions is a matrix product of its own:
// tiles x filters = (tiles x channels) (channels x filters).
//
// The three transforms are linear and act over space alone. Signs that are constant over space
// therefore pass through them. A flipout kernel is assembled after the transform:
//
//     G (M + (s rᵀ) ∘ D) Gᵀ = G M Gᵀ + (s rᵀ) ∘ (G D Gᵀ)
//
// The backward pass is the adjoint of each transform. Rounding differs from the definition's by
// some 1e-6 of the largest output for m = 2 and 1e-5 for m = 4, whose transforms have larger
// numbers.
//
// "Transformed" arrays are [(m+2)²][...]: position (m+2) i + j holds row i, column j, and positions
// lie `step` floats apart. Channels must be a multiple of kWinogradLanes; the vectors of that width
// are the compiler's, so the source is the same for every processor. Thread-safe.

#include <cstddef>

#include "bnn/math/window.h"

namespace bnn {

constexpr int kWinogradLanes = 8;

/// The size of tiles: 2x2 or 4x4 outputs.
struct WinogradSize {
  int outputs = 2;

  int inputs() const { return outputs + 2; }
  int positions() const { return inputs() * inputs(); }
};

/// True for 3x3 kernels, stride 1, no dilation.
bool has_winograd_form(const Window& window);

/// A band of tiles: the tile rows [first_row, last_row) over the whole width of the output.
struct TileBand {
  int first_row, last_row;
  int columns;  // tiles across

  int tiles() const { return (last_row - first_row) * columns; }
};

int winograd_tile_rows(WinogradSize size, const Window& window);
int winograd_tile_columns(WinogradSize size, const Window& window);

/// transformed = G g Gᵀ for `kernels` kernels side by side: kernel [9][kernels], [kernels] at each
/// position.
void transform_kernel(WinogradSize size, const float* kernel, std::size_t kernels, std::size_t step,
                      float* transformed);
/// Its adjoint: kernel [9][kernels] += Gᵀ u G.
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
