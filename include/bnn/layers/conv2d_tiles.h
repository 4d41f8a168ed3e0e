#pragma once
// An image's im2col matrix cut into tiles of whole output rows, so that a tile stays in the cache
// between the products that read it.

#include <algorithm>
#include <cstddef>

#include "bnn/math/products.h"
#include "bnn/math/window.h"

namespace bnn {

struct Tile {
  int first_row, last_row;
  int pixels;
  std::size_t first_pixel;
};

/// Calls visit(tile) for each tile of output rows, from the top.
template <typename Visit>
void for_each_tile(const Window& window, const Visit& visit) {
  const int rows = tile_rows(window);
  for (int first = 0; first < window.output_height; first += rows) {
    const int last = std::min(first + rows, window.output_height);
    visit(Tile{first, last, (last - first) * window.output_width,
               static_cast<std::size_t>(first) * static_cast<std::size_t>(window.output_width)});
  }
}

/// Output pixels of the largest tile.
inline std::size_t tile_pixels(const Window& window) {
  return static_cast<std::size_t>(tile_rows(window)) *
         static_cast<std::size_t>(window.output_width);
}

/// Floats of the im2col matrix of the largest tile; 0 where the image itself is that matrix.
inline std::size_t tile_size(const Window& window) {
  return window.is_identity() ? 0 : tile_pixels(window) * static_cast<std::size_t>(window.depth());
}

/// The im2col matrix of one tile: in `memory`, or the image itself where that is the same.
inline const float* tile_columns(const Window& window, const Tile& tile, const float* image,
                                 float* memory) {
  if (window.is_identity()) {
    return image + tile.first_pixel * static_cast<std::size_t>(window.input.channels);
  }
  im2col(window, image, tile.first_row, tile.last_row, memory);
  return memory;
}

/// Outputs of a line from which on windows are read in place. A tile of a product does not go on
/// into the next line, so shorter ones would leave it half empty.
constexpr int kMinLine = 8;

/// The im2col matrix of one image for products, tile by tile: read in place by own products, unless
/// lines are short or taps lie apart, and otherwise made. The bits are the same.
class ImageColumns {
 public:
  /// @param padded padded_size floats, for windows in place
  /// @param columns tile_size floats, for the matrix
  ImageColumns(const Window& window, const Products& products, const float* image, float* padded,
               float* columns)
      : window_(window),
        image_(image),
        columns_(columns),
        in_place_(products.are_own() && has_window_matrix(window) && !window.is_identity() &&
                  window.output_width >= kMinLine),
        padded_(in_place_ ? pad_image(window, image, padded) : nullptr) {}

  /// visit(matrix), which is a WindowMatrix or a ConstMatrix.
  template <typename Visit>
  void with_tile(const Tile& tile, const Visit& visit) const {
    if (in_place_) return visit(window_matrix(window_, padded_, tile.first_row, tile.last_row));
    visit(matrix(tile_columns(window_, tile, image_, columns_), tile.pixels, window_.depth()));
  }

 private:
  const Window& window_;
  const float* image_;
  float* columns_;
  bool in_place_;
  const float* padded_;
};

}  // namespace bnn
