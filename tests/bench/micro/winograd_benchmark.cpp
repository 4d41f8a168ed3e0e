// What a convolution does in Winograd's form, for each size of tiles: the
// transforms of one image and of one kernel, and the product of one position, with weights that all
// examples share and with those of eight examples under flipout. Bytes count each number read or
// written once.

#include <fmt/format.h>
#include <vector>

#include "benchmarks.h"
#include "bnn/math/packed_matrix.h"
#include "bnn/math/products.h"
#include "bnn/math/winograd.h"
#include "workload.h"

namespace bnn {
namespace {

std::size_t positions(WinogradSize size) { return static_cast<std::size_t>(size.positions()); }

std::size_t floats(int tiles, int channels) {
  return static_cast<std::size_t>(tiles) * static_cast<std::size_t>(channels);
}

// The transformed arrays of one image; positions lie a cache line apart as in a layer.
struct Transformed {
  TileBand band;
  std::size_t step;
  AlignedArray numbers;

  Transformed(WinogradSize size, const Window& window, int channels)
      : band{0, winograd_tile_rows(size, window), winograd_tile_columns(size, window)},
        step(floats(band.tiles(), channels) + kAlignment),
        numbers(random_array(positions(size) * step, 1)) {}
};

void measure_input(benchmark::State& state, WinogradSize size, const ConvShape& shape) {
  const Window window = shape.window();
  const AlignedArray image = random_array(window.input.size(), 2);
  const AlignedArray zeros(static_cast<std::size_t>(shape.channels));
  Transformed v(size, window, shape.channels);
  for (auto _ : state) {
    transform_input(size, window, v.band, image.data(), zeros.data(), v.step, v.numbers.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, sizeof(float) * (image.size() + v.numbers.size()));
}

void measure_input_adjoint(benchmark::State& state, WinogradSize size, const ConvShape& shape) {
  const Window window = shape.window();
  const Transformed v(size, window, shape.channels);
  AlignedArray image(window.input.size());
  for (auto _ : state) {
    add_transform_input_adjoint(size, window, v.band, v.numbers.data(), v.step, image.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, sizeof(float) * (2 * image.size() + v.numbers.size()));
}

void measure_output(benchmark::State& state, WinogradSize size, const ConvShape& shape) {
  const Window window = shape.window();
  const Transformed y(size, window, shape.filters);
  AlignedArray output(floats(window.pixels(), shape.filters));
  for (auto _ : state) {
    transform_output(size, window, y.band, y.numbers.data(), y.step, shape.filters, output.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, sizeof(float) * (output.size() + y.numbers.size()));
}

void measure_kernel(benchmark::State& state, WinogradSize size, const ConvShape& shape) {
  const std::size_t kernels = floats(shape.channels, shape.filters);
  const std::size_t step = packed_size(shape.channels, shape.filters) + kAlignment;
  const auto taps = static_cast<std::size_t>(size.taps * size.taps);
  const AlignedArray kernel = random_array(taps * kernels, 1);
  AlignedArray transformed(positions(size) * step);
  for (auto _ : state) {
    transform_kernel(size, kernel.data(), shape.channels, shape.filters, step, transformed.data());
    benchmark::ClobberMemory();
  }
  count_bytes(state, sizeof(float) * (taps + positions(size)) * kernels);
}

void measure_product(benchmark::State& state, WinogradSize size, const ConvShape& shape) {
  const Window window = shape.window();
  const int tiles = winograd_tile_rows(size, window) * winograd_tile_columns(size, window);
  const AlignedArray v = random_array(floats(tiles, shape.channels), 1);
  const AlignedArray w = random_array(packed_size(shape.channels, shape.filters), 2);
  AlignedArray y(floats(tiles, shape.filters));
  for (auto _ : state) {
    Products().multiply(matrix(v.data(), tiles, shape.channels),
                        PackedMatrix{w.data(), shape.channels, shape.filters},
                        matrix(y.data(), tiles, shape.filters));
    benchmark::ClobberMemory();
  }
  count_flops(state, 2.0 * tiles * shape.channels * shape.filters);
}

void measure_flipped_product(benchmark::State& state, WinogradSize size, const ConvShape& shape) {
  const Window window = shape.window();
  const int tiles = winograd_tile_rows(size, window) * winograd_tile_columns(size, window);
  constexpr int kExamples = 8;
  const AlignedArray v = random_array(floats(kExamples * tiles, shape.channels), 1);
  const AlignedArray mean = random_array(packed_size(shape.channels, shape.filters), 2);
  const AlignedArray perturbation = random_array(packed_size(shape.channels, shape.filters), 3);
  const std::vector<float> s(floats(kExamples, shape.channels), -1.0f);
  const std::vector<float> r(floats(kExamples, shape.filters), 1.0f);
  AlignedArray y(floats(kExamples * tiles, shape.filters));
  for (auto _ : state) {
    Products().multiply_flipped(kExamples, matrix(v.data(), tiles, shape.channels),
                                {mean.data(), perturbation.data(), s.data(), r.data(), true},
                                matrix(y.data(), tiles, shape.filters), nullptr);
    benchmark::ClobberMemory();
  }
  count_flops(state, 2.0 * kExamples * tiles * shape.channels * shape.filters);
}

}  // namespace

void register_winograd_benchmarks() {
  using Measure = void (*)(benchmark::State&, WinogradSize, const ConvShape&);
  for (const ConvShape& shape : network_convolutions()) {
    if (shape.channels % kWinogradLanes != 0) continue;
    for (const WinogradSize size : {WinogradSize{2, 3}, {4, 3}, {2, 5}}) {
      if (size.taps != shape.kernel) continue;
      for (const auto& [name, measure] :
           {std::pair<const char*, Measure>{"winograd_input/", measure_input},
            {"winograd_input_adjoint/", measure_input_adjoint},
            {"winograd_output/", measure_output},
            {"winograd_kernel/", measure_kernel},
            {"gemm_winograd/", measure_product},
            {"gemm_winograd_flipped/", measure_flipped_product}}) {
        add_benchmark(
            fmt::format("{}F{}_k{}/{}", name, size.outputs, size.taps, shape.name()),
            [measure, size, shape](benchmark::State& state) { measure(state, size, shape); });
      }
    }
  }
}

}  // namespace bnn
