#pragma once
// What the benchmarks share: the shapes that they measure, random numbers, and how rates are told.
//
// The network is the usual small one for 32 x 32 images: 3x3 convolutions of 32, 32, 64, 64, 128
// and 128 filters, pooled after each pair, and a dense layer of 10. A shard has kShardExamples
// examples: an eighth of a batch of 128.

#include <benchmark/benchmark.h>
#include <string>
#include <vector>

#include "bnn/core/aligned_array.h"
#include "bnn/core/random.h"
#include "bnn/math/window.h"

namespace bnn {

constexpr int kShardExamples = 16;
constexpr std::size_t kShards = 8;

/// A convolution of a square image with `same` padding.
struct ConvShape {
  int size, channels;  // of the image
  int kernel, filters;

  Shape input() const { return {size, size, channels}; }
  Window window() const {
    return make_window(input(), {.kernel_size = {kernel, kernel}, .padding = Padding::same});
  }
  /// "32x32x3_k5_f64"
  std::string name() const {
    const std::string side = std::to_string(size);
    return side + "x" + side + "x" + std::to_string(channels) + "_k" + std::to_string(kernel) +
           "_f" + std::to_string(filters);
  }
};

/// A dense layer.
struct DenseShape {
  int inputs, units;

  /// "784x400"
  std::string name() const { return std::to_string(inputs) + "x" + std::to_string(units); }
};

inline std::vector<ConvShape> network_convolutions() {
  return {{32, 3, 3, 32},  {32, 32, 3, 32}, {16, 32, 3, 64},
          {16, 64, 3, 64}, {8, 64, 3, 128}, {8, 128, 3, 128}};
}

/// The network's own (2048x10), and those of a network of dense layers alone.
inline std::vector<DenseShape> dense_layers() { return {{784, 400}, {400, 10}, {2048, 10}}; }

/// Standard normal numbers.
inline AlignedArray random_array(std::size_t size, std::uint32_t seed) {
  AlignedArray array(size);
  fill_normal({.seed = seed}, 0, array.span());
  return array;
}

/// A counter "FLOPS": floating point operations a second, from those of one iteration.
inline void count_flops(benchmark::State& state, double each) {
  state.counters["FLOPS"] = benchmark::Counter(each, benchmark::Counter::kIsIterationInvariantRate);
}

/// bytes_per_second and items_per_second, from those of one iteration.
inline void count_bytes(benchmark::State& state, std::size_t each) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(each));
}
inline void count_items(benchmark::State& state, std::size_t each) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(each));
}

/// Registers measure(state) under a name.
template <typename Measure>
void add_benchmark(const std::string& name, const Measure& measure) {
  benchmark::RegisterBenchmark(name.c_str(), measure);
}

}  // namespace bnn
