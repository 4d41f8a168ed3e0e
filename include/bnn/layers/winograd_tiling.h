#pragma once
// How a convolution in Winograd's form is cut: the size of its tiles, and the groups of examples
// and tiles whose transformed numbers are in work at once.

#include <algorithm>
#include <cstddef>

#include "bnn/layers/conv2d.h"
#include "bnn/math/winograd.h"

namespace bnn {

/// A count as a size.
inline std::size_t positive(int count) { return static_cast<std::size_t>(count); }

/// Whether a layer's kernel is small enough for tiles of 6x6 inputs, the only ones for 5x5 kernels.
bool has_large_tiles(const Conv2dGeometry& geometry);
/// Large tiles where they save multiplications and an example has enough of them for the kernel.
WinogradSize winograd_size(const Conv2dGeometry& geometry);

/// Examples [first, first + count) of a shard and a band of their tiles.
struct WinogradGroup {
  std::size_t first, count;
  TileBand band;

  std::size_t tiles() const { return static_cast<std::size_t>(band.tiles()); }
  std::size_t all_tiles() const { return count * tiles(); }
};

/// Bands of one example's tile rows, or several examples whole.
struct WinogradTiling {
  int examples, tile_rows;  // of the largest group
  int all_rows, columns;    // tiles of an example

  WinogradTiling(WinogradSize size, const Conv2dGeometry& geometry);

  /// Tiles of the largest group.
  std::size_t tiles() const {
    return static_cast<std::size_t>(examples) * static_cast<std::size_t>(tile_rows) *
           static_cast<std::size_t>(columns);
  }

  /// Groups of nearly the same size: each reads all kernels.
  template <typename Visit>
  void for_each_group(int all_examples, const Visit& visit) const {
    const int groups = (all_examples + examples - 1) / examples;
    for (int group = 0, first = 0; group < groups; ++group) {
      const int count = (all_examples - first) / (groups - group);
      for (int row = 0; row < all_rows; row += tile_rows) {
        visit(WinogradGroup{static_cast<std::size_t>(first),
                            static_cast<std::size_t>(count),
                            {row, std::min(row + tile_rows, all_rows), columns}});
      }
      first += count;
    }
  }
};

/// The output pixels under a band of tiles, rows as a whole.
struct PixelRows {
  std::size_t offset;  // floats of the example's output before them
  int pixels;
};

PixelRows output_rows(WinogradSize size, const Conv2dGeometry& geometry, const TileBand& band);

/// Floats from one position to the next for `size` floats at each. Sizes are often powers of two;
/// without the cache line more, the positions of one element would compete for the same places in
/// the cache.
std::size_t padded_step(std::size_t size);

}  // namespace bnn
