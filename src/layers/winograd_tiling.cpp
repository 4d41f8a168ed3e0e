#include "bnn/layers/winograd_tiling.h"

#include "bnn/core/aligned_array.h"

namespace bnn {
namespace {

// Transformed inputs and outputs that are in work at once, if one row of tiles is not more: 1 MiB,
// about the second-level cache.
constexpr std::size_t kGroupFloats = 256 * 1024;
constexpr std::size_t kMaxGroupExamples = 64;

// The transformed kernels of a layer and the gradients of a worker hold 36 numbers for each channel
// and filter with tiles of 6x6 inputs, 16 with tiles of 4x4. Larger kernels than this, the largest
// that was measured, stay at the smaller memory.
constexpr std::size_t kMaxLargeTileKernel = 128 * 128;

// The work on kernels grows with channels times filters, what large tiles save with the tiles of an
// example: four tiles of an 8x8 map do not pay for a kernel of 64x64.
constexpr std::size_t kLargeTileKernelPerTile = 512;

// Floats of one tile row of an example, inputs and outputs together.
std::size_t tile_row_floats(WinogradSize size, const Conv2dGeometry& geometry) {
  return positive(size.positions()) * positive(winograd_tile_columns(size, geometry.window)) *
         positive(geometry.window.input.channels + geometry.filters);
}

std::size_t tiles(WinogradSize size, const Window& window) {
  return positive(winograd_tile_rows(size, window)) * positive(winograd_tile_columns(size, window));
}

std::size_t multiplications(WinogradSize size, const Window& window) {
  return positive(size.positions()) * tiles(size, window);
}

std::size_t kernel_area(const Conv2dGeometry& geometry) {
  return positive(geometry.window.input.channels) * positive(geometry.filters);
}

}  // namespace

bool has_large_tiles(const Conv2dGeometry& geometry) {
  return kernel_area(geometry) <= kMaxLargeTileKernel;
}

// F(4x4, 3x3) does 0.56 of the multiplications of F(2x2, 3x3), as long as its larger tiles are not
// mostly cut off at the edges.
WinogradSize winograd_size(const Conv2dGeometry& geometry) {
  const Window& window = geometry.window;
  if (window.kernel_size[0] == 5) return {2, 5};
  const WinogradSize small{2, 3}, large{4, 3};
  const bool is_large = has_large_tiles(geometry) &&
                        kernel_area(geometry) <= kLargeTileKernelPerTile * tiles(large, window) &&
                        multiplications(large, window) < multiplications(small, window);
  return is_large ? large : small;
}

WinogradTiling::WinogradTiling(WinogradSize size, const Conv2dGeometry& geometry)
    : all_rows(winograd_tile_rows(size, geometry.window)),
      columns(winograd_tile_columns(size, geometry.window)) {
  const std::size_t rows = std::max<std::size_t>(kGroupFloats / tile_row_floats(size, geometry), 1);
  tile_rows = static_cast<int>(std::min(rows, positive(all_rows)));
  examples = tile_rows < all_rows
                 ? 1
                 : static_cast<int>(std::min(rows / positive(all_rows), kMaxGroupExamples));
}

PixelRows output_rows(WinogradSize size, const Conv2dGeometry& geometry, const TileBand& band) {
  const int first = size.outputs * band.first_row;
  const int last = std::min(size.outputs * band.last_row, geometry.window.output_height);
  const int width = geometry.window.output_width;
  return {positive(first) * positive(width) * positive(geometry.filters), (last - first) * width};
}

std::size_t padded_step(std::size_t size) { return round_to_alignment(size) + kAlignment; }

}  // namespace bnn
