#include "bnn/layers/winograd_tiling.h"

#include <catch2/catch.hpp>

namespace bnn {
namespace {

// Outputs of a tile of a 3x3 convolution with padding "same".
int tile_of(int side, int channels, int filters) {
  const Window window =
      make_window({side, side, channels}, {.kernel_size = {3, 3}, .padding = Padding::same});
  return winograd_size({window, filters, Activation::linear, {}, {}, {}, {}}).outputs;
}

TEST_CASE("large Winograd tiles are for kernels that an example has tiles enough for") {
  CHECK(tile_of(32, 64, 64) == 4);
  CHECK(tile_of(16, 64, 128) == 4);  // 16 tiles, 512 for each
  CHECK(tile_of(16, 72, 128) == 2);
  CHECK(tile_of(8, 32, 64) == 4);  // 4 tiles
  CHECK(tile_of(8, 40, 64) == 2);
  CHECK(tile_of(8, 128, 128) == 2);
  // However many tiles, the memory of a large kernel counts.
  CHECK(tile_of(64, 128, 128) == 4);
  CHECK(tile_of(64, 136, 128) == 2);
}

TEST_CASE("large Winograd tiles that would mostly be cut off are not taken") {
  CHECK(tile_of(2, 8, 8) == 2);  // 36 products instead of 16
  CHECK(tile_of(5, 8, 8) == 2);  // 144 each
  CHECK(tile_of(4, 8, 8) == 4);  // 36 instead of 64
}

}  // namespace
}  // namespace bnn
