// What a 3x3 convolution does in Winograd's form: the transforms of one image and of one kernel,
// and the product of one of the sixteen positions. Bytes count each number read or written once.

#include "benchmarks.h"
#include "bnn/math/blas.h"
#include "bnn/math/winograd.h"
#include "workload.h"

namespace bnn {
namespace {

constexpr std::size_t kPositions = kWinogradPositions;

std::size_t floats(int tiles, int channels) {
  return static_cast<std::size_t>(tiles) * static_cast<std::size_t>(channels);
}

// The transformed arrays of one image; positions lie a cache line apart as in a layer.
struct Transformed {
  TileBand band;
  std::size_t step;
  AlignedArray numbers;

  Transformed(const Window& window, int channels)
      : band{0, winograd_tile_rows(window), winograd_tile_columns(window)},
        step(floats(band.tiles(), channels) + kAlignment),
        numbers(random_array(kPositions * step, 1)) {}
};

void measure_input(benchmark::State& state, const ConvShape& shape) {
  const Window window = shape.window();
  const AlignedArray image = random_array(window.input.size(), 2);
  const AlignedArray zeros(static_cast<std::size_t>(shape.channels));
  Transformed v(window, shape.channels);
  for (auto _ : state) {
    transform_input(window, v.band, image.data(), zeros.data(), v.step, v.numbers.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, sizeof(float) * (image.size() + v.numbers.size()));
}

void measure_input_adjoint(benchmark::State& state, const ConvShape& shape) {
  const Window window = shape.window();
  const Transformed v(window, shape.channels);
  AlignedArray image(window.input.size());
  for (auto _ : state) {
    add_transform_input_adjoint(window, v.band, v.numbers.data(), v.step, image.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, sizeof(float) * (2 * image.size() + v.numbers.size()));
}

void measure_output(benchmark::State& state, const ConvShape& shape) {
  const Window window = shape.window();
  const Transformed y(window, shape.filters);
  AlignedArray output(floats(window.pixels(), shape.filters));
  for (auto _ : state) {
    transform_output(window, y.band, y.numbers.data(), y.step, shape.filters, output.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, sizeof(float) * (output.size() + y.numbers.size()));
}

void measure_kernel(benchmark::State& state, const ConvShape& shape) {
  const std::size_t size = floats(shape.channels, shape.filters), step = size + kAlignment;
  const AlignedArray kernel = random_array(9 * size, 1);
  AlignedArray transformed(kPositions * step);
  for (auto _ : state) {
    transform_kernel(kernel.data(), size, step, transformed.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, sizeof(float) * (9 + kPositions) * size);
}

void measure_product(benchmark::State& state, const ConvShape& shape) {
  const Window window = shape.window();
  const int tiles = winograd_tile_rows(window) * winograd_tile_columns(window);
  const AlignedArray v = random_array(floats(tiles, shape.channels), 1);
  const AlignedArray w = random_array(floats(shape.channels, shape.filters), 2);
  AlignedArray y(floats(tiles, shape.filters));
  for (auto _ : state) {
    blas_multiply(matrix(v.data(), tiles, shape.channels),
                  matrix(w.data(), shape.channels, shape.filters),
                  matrix(y.data(), tiles, shape.filters));
    benchmark::ClobberMemory();
  }
  count_flops(state, 2.0 * tiles * shape.channels * shape.filters);
}

}  // namespace

void register_winograd_benchmarks() {
  using Measure = void (*)(benchmark::State&, const ConvShape&);
  for (const ConvShape& shape : network_convolutions()) {
    if (shape.channels % kWinogradLanes != 0) continue;
    for (const auto& [name, measure] :
         {std::pair<const char*, Measure>{"winograd_input/", measure_input},
          {"winograd_input_adjoint/", measure_input_adjoint},
          {"winograd_output/", measure_output},
          {"winograd_kernel/", measure_kernel},
          {"gemm_winograd/", measure_product}}) {
      add_benchmark(name + shape.name(),
                    [measure, shape](benchmark::State& state) { measure(state, shape); });
    }
  }
}

}  // namespace bnn
