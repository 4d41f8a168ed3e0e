// What a flipout convolution by im2col does beside its products: im2col and back, tile by tile as
// in a pass, and the weights of one example. Bytes count each number read or written once.

#include "benchmarks.h"
#include "bnn/bayes/flipout.h"
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

// The kernel of a convolution and one example's signs.
struct KernelArrays {
  explicit KernelArrays(const ConvShape& shape)
      : taps(shape.kernel * shape.kernel),
        s(static_cast<std::size_t>(shape.channels)),
        r(static_cast<std::size_t>(shape.filters)),
        size(static_cast<std::size_t>(taps) * s.size() * r.size()) {
    fill_signs({.site = Site::sign_input}, 0, s.span());
    fill_signs({.site = Site::sign_output}, 0, r.span());
  }

  int taps;
  AlignedArray s, r;
  std::size_t size;
};

void measure_assemble_weights(benchmark::State& state, const ConvShape& shape) {
  const KernelArrays kernel(shape);
  const AlignedArray mean = random_array(kernel.size, 1), draw = random_array(kernel.size, 2);
  AlignedArray weights(kernel.size);
  for (auto _ : state) {
    assemble_weights(mean.data(), draw.data(), kernel.taps, kernel.s.span(), kernel.r.span(),
                     weights.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, 3 * sizeof(float) * kernel.size);
}

void measure_scatter_gradient(benchmark::State& state, const ConvShape& shape) {
  const KernelArrays kernel(shape);
  const AlignedArray gradient = random_array(kernel.size, 1);
  AlignedArray mean(kernel.size), draw(kernel.size);
  for (auto _ : state) {
    scatter_gradient(gradient.data(), kernel.taps, kernel.s.span(), kernel.r.span(), mean.data(),
                     draw.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, 5 * sizeof(float) * kernel.size);
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
  for (const ConvShape& shape : network_convolutions()) {
    add_benchmark("assemble_weights/" + shape.name(),
                  [shape](benchmark::State& state) { measure_assemble_weights(state, shape); });
    add_benchmark("scatter_gradient/" + shape.name(),
                  [shape](benchmark::State& state) { measure_scatter_gradient(state, shape); });
  }
}

}  // namespace bnn
