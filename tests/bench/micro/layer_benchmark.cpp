// Whole flipout layers: a shard forward and backward, and the deferred weight gradient of a dense
// layer for a batch. FLOPS counts the products alone: backward has twice those of forward.

#include "benchmarks.h"
#include "layer_run.h"
#include "workload.h"

namespace bnn {
namespace {

void add_passes(const std::string& name, const std::string& config, const Shape& input,
                double backward_products) {
  const auto flops = [](const LayerRun& run) {
    return 2.0 * kShardExamples * run.layer().multiply_adds();
  };
  add_benchmark("layer_forward/" + name, [=](benchmark::State& state) {
    LayerRun run(config, input, kShardExamples);
    for (auto _ : state) run.forward();
    count_flops(state, flops(run));
  });
  add_benchmark("layer_backward/" + name, [=](benchmark::State& state) {
    LayerRun run(config, input, kShardExamples);
    run.forward();
    for (auto _ : state) run.backward();
    count_flops(state, backward_products * flops(run));
  });
}

void add_convolution(const ConvShape& shape) {
  const std::string config =
      R"({"type": "conv2d_flipout", "padding": "same", "activation": "relu", "kernel_size": )" +
      std::to_string(shape.kernel) + ", \"filters\": " + std::to_string(shape.filters) + "}";
  add_passes(shape.name(), config, shape.input(), 2.0);
}

void add_dense(const DenseShape& shape) {
  const std::string config = R"({"type": "dense_flipout", "activation": "relu", "units": )" +
                             std::to_string(shape.units) + "}";
  const Shape input = flat_shape(shape.inputs);
  add_passes(shape.name(), config, input, 1.0);
  add_benchmark("layer_weight_gradient/" + shape.name(), [=](benchmark::State& state) {
    LayerRun run(config, input, kShardExamples);
    run.forward();
    run.backward();
    for (auto _ : state) run.weight_gradient(kShards);
    count_flops(state, 2.0 * kShards * kShardExamples * run.layer().multiply_adds());
  });
}

}  // namespace

void register_layer_benchmarks() {
  for (const ConvShape& shape : network_convolutions()) add_convolution(shape);
  add_convolution({4, 128, 3, 128});  // few pixels: two products over several examples
  for (const DenseShape& shape : dense_layers()) add_dense(shape);
}

}  // namespace bnn
