// What a flipout convolution by im2col does beside its products: im2col and back, tile by tile as
// in a pass. Bytes count each number read or written once.

#include "benchmarks.h"
#include "bnn/layers/conv2d_tiles.h"
#include "workload.h"

namespace bnn {
namespace {

std::size_t column_floats(const Window& window) {
  return static_cast<std::size_t>(window.pixels()) * static_cast<std::size_t>(window.depth());
}

void measure_im2col(benchmark::State& state, const Window& window) {
  const AlignedArray image = random_array(window.input.size(), 1);
  AlignedArray columns(tile_size(window));
  for (auto _ : state) {
    for_each_tile(window, [&](const Tile& tile) {
      im2col(window, image.data(), tile.first_row, tile.last_row, columns.data());
      benchmark::ClobberMemory();
    });
  }
  count_bytes(state, sizeof(float) * (window.input.size() + column_floats(window)));
}

void measure_add_col2im(benchmark::State& state, const Window& window) {
  const AlignedArray columns = random_array(tile_size(window), 1);
  AlignedArray image(window.input.size());
  for (auto _ : state) {
    for_each_tile(window, [&](const Tile& tile) {
      add_col2im(window, columns.data(), tile.first_row, tile.last_row, image.data());
      benchmark::ClobberMemory();
    });
  }
  count_bytes(state, sizeof(float) * (2 * window.input.size() + column_floats(window)));
}

}  // namespace

void register_convolution_benchmarks() {
  for (const auto& [name, shape] :
       std::vector<std::pair<std::string, ConvShape>>{{"32x32x3_k5", {32, 3, 5, 64}},
                                                      {"32x32x32_k3", {32, 32, 3, 32}},
                                                      {"16x16x64_k3", {16, 64, 3, 64}},
                                                      {"8x8x128_k3", {8, 128, 3, 128}}}) {
    const Window window = shape.window();
    add_benchmark("im2col/" + name,
                  [window](benchmark::State& state) { measure_im2col(state, window); });
    add_benchmark("add_col2im/" + name,
                  [window](benchmark::State& state) { measure_add_col2im(state, window); });
  }
}

}  // namespace bnn
