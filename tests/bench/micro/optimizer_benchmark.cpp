// What a step does for each parameter, one chunk at a time: draws it, takes its gradient through
// the posterior, adds that of the KL, and moves it.

#include <algorithm>

#include "benchmarks.h"
#include "bnn/bayes/mean_field_normal.h"
#include "bnn/model/chunks.h"
#include "bnn/train/adam.h"
#include "workload.h"

namespace bnn {
namespace {

constexpr std::size_t kMemoryElements = std::size_t{1} << 22;  // 16 MiB an array: beyond the caches

// Untransformed scales near -3, as the default initializer makes them.
AlignedArray untransformed_scales(std::size_t size) {
  AlignedArray scales = random_array(size, 9);
  for (float& u : scales.span()) u = 0.1f * u - 3.0f;
  return scales;
}

// A layout of one random tensor that is one chunk.
ParameterLayout one_chunk(Draw draw) {
  ParameterLayout layout;
  const auto size = static_cast<std::int64_t>(kChunkElements);
  layout.add(Variable{"loc", {size}, {}});
  layout.add(Variable{"untransformed_scale", {size}, {}});
  layout.add(RandomTensor{0, 1, draw});
  return layout;
}

void measure_draw(benchmark::State& state, Draw draw) {
  const ParameterLayout layout = one_chunk(draw);
  const Chunk chunk = cut_into_chunks(layout).front();
  const AlignedArray parameters = untransformed_scales(layout.size());
  AlignedArray noise(layout.size()), draws(layout.size());
  std::uint32_t step = 0;
  for (auto _ : state) {
    draw_chunk(layout, chunk, parameters.data(), 1, Site::weight_noise, ++step, noise.data(),
               draws.data());
    benchmark::ClobberMemory();
  }
  count_items(state, kChunkElements);
}

// The gradient is put back each time; the copy is measured too.
void measure_perturbation_gradient(benchmark::State& state) {
  const AlignedArray scales = untransformed_scales(kChunkElements);
  const AlignedArray noise = random_array(kChunkElements, 1);
  AlignedArray gradient(kChunkElements);
  for (auto _ : state) {
    std::copy(noise.span().begin(), noise.span().end(), gradient.span().begin());
    perturbation_gradient_to_scale(scales.span(), noise.span(), gradient.span());
    benchmark::ClobberMemory();
  }
  count_items(state, kChunkElements);
}

void measure_kl_gradient(benchmark::State& state, const Prior& prior, const Divergence& how) {
  const AlignedArray loc = random_array(kChunkElements, 1);
  const AlignedArray scales = untransformed_scales(kChunkElements);
  AlignedArray loc_gradient(kChunkElements), scale_gradient(kChunkElements);
  AlignedArray scratch(kChunkElements);
  const DivergenceNoise noise{{.site = Site::divergence}, 0, scratch.span()};
  for (auto _ : state) {
    benchmark::DoNotOptimize(add_divergence_gradient(how, {loc.span(), scales.span()}, prior, noise,
                                                     1e-4f,
                                                     {loc_gradient.span(), scale_gradient.span()}));
    benchmark::ClobberMemory();
  }
  count_items(state, kChunkElements);
}

void measure_adam(benchmark::State& state, std::size_t size) {
  const AlignedArray gradient = random_array(size, 1);
  AlignedArray parameters = random_array(size, 2), m(size), v(size);
  const AdamStep step = adam_step({}, 1e-3, 100);
  for (auto _ : state) {
    adam_update(step, 1.0f, gradient.span(), parameters.span(), m.span(), v.span());
    benchmark::ClobberMemory();
  }
  count_items(state, size);
  count_bytes(state, 7 * sizeof(float) * size);
}

void add_kl(const std::string& name, const Prior& prior, int samples) {
  add_benchmark("kl_gradient/" + name,
                [=](benchmark::State& state) { measure_kl_gradient(state, prior, {samples}); });
}

}  // namespace

void register_optimizer_benchmarks() {
  add_benchmark("draw/perturbation",
                [](benchmark::State& state) { measure_draw(state, Draw::perturbation); });
  add_benchmark("draw/sample", [](benchmark::State& state) { measure_draw(state, Draw::sample); });
  add_benchmark("perturbation_gradient_to_scale", measure_perturbation_gradient);
  add_kl("normal", {.kind = Prior::Kind::normal}, 0);
  add_kl("laplace", {.kind = Prior::Kind::laplace}, 0);
  add_kl("tied_normal", {.kind = Prior::Kind::tied_normal}, 0);
  add_kl("normal_monte_carlo_1", {.kind = Prior::Kind::normal}, 1);
  add_kl("student_t_monte_carlo_1", {.kind = Prior::Kind::student_t, .df = 3.0}, 1);
  for (const std::size_t size : {kChunkElements, kMemoryElements}) {
    add_benchmark("adam_update/" + std::to_string(size),
                  [size](benchmark::State& state) { measure_adam(state, size); });
  }
}

}  // namespace bnn
