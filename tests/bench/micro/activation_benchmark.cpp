// Bias and activation after the product of one image, and the activation's derivative.

#include <algorithm>

#include "benchmarks.h"
#include "bnn/layers/bias.h"
#include "workload.h"

namespace bnn {
namespace {

constexpr int kPixels = 16 * 16;
constexpr std::size_t kChannels = 64;
constexpr std::size_t kValues = kPixels * kChannels;

void copy(const AlignedArray& from, AlignedArray& to) {
  std::copy(from.span().begin(), from.span().end(), to.span().begin());
}

// Both passes work in place, so what they work on is put back each time; the copy is measured too.
void measure_forward(benchmark::State& state, Activation activation) {
  const AlignedArray given = random_array(kValues, 1), bias = random_array(kChannels, 2);
  AlignedArray values(kValues), saved(kValues);
  for (auto _ : state) {
    copy(given, values);
    add_bias_and_activate(bias.span(), activation, values.data(), kPixels, kChannels, saved.data());
    benchmark::ClobberMemory();
  }
  count_items(state, kValues);
}

void measure_backward(benchmark::State& state, Activation activation) {
  const AlignedArray saved = random_array(kValues, 1), given = random_array(kValues, 2);
  AlignedArray output(kValues), gradient(kValues);
  copy(saved, output);
  activate(activation, output.data(), kValues, nullptr);
  for (auto _ : state) {
    copy(given, gradient);
    activate_backward(activation, output.data(), saved.data(), kValues, gradient.data());
    benchmark::ClobberMemory();
  }
  count_items(state, kValues);
}

}  // namespace

void register_activation_benchmarks() {
  for (std::size_t i = 0; i < activation_names().size(); ++i) {
    const auto activation = static_cast<Activation>(i);
    const std::string& name = activation_names()[i];
    add_benchmark("bias_and_activation/" + name,
                  [activation](benchmark::State& state) { measure_forward(state, activation); });
    add_benchmark("activation_backward/" + name,
                  [activation](benchmark::State& state) { measure_backward(state, activation); });
  }
}

}  // namespace bnn
