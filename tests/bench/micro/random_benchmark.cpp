// The random numbers of a step: normal numbers for the weights, signs for every example.

#include "benchmarks.h"
#include "bnn/model/chunks.h"
#include "workload.h"

namespace bnn {
namespace {

// Every iteration has a stream of its own, as every example has.
template <typename Fill>
void add_fill(const std::string& name, std::size_t size, const Fill& fill) {
  add_benchmark(name + "/" + std::to_string(size), [size, fill](benchmark::State& state) {
    AlignedArray numbers(size);
    Stream stream;
    for (auto _ : state) {
      ++stream.example;
      fill(stream, numbers.span());
      benchmark::ClobberMemory();
    }
    count_items(state, size);
  });
}

}  // namespace

void register_random_benchmarks() {
  for (const std::size_t size : {32, 128, 784}) {
    add_fill("fill_signs", size,
             [](const Stream& stream, std::span<float> out) { fill_signs(stream, 0, out); });
  }
  add_fill("fill_uniform", kChunkElements,
           [](const Stream& stream, std::span<float> out) { fill_uniform(stream, 0, out); });
  add_fill("fill_normal", kChunkElements,
           [](const Stream& stream, std::span<float> out) { fill_normal(stream, 0, out); });
}

}  // namespace bnn
