// Pooling of 2x2 windows, a shard forward and backward. Bytes count each number read or written
// once: forward reads the input, backward writes its gradient and reads what it needs to find the
// maximum again.

#include "benchmarks.h"
#include "layer_run.h"
#include "workload.h"

namespace bnn {
namespace {

void add_pooling(const std::string& type, const Shape& input) {
  const std::string config = "{\"type\": \"" + type + "\", \"pool_size\": 2}";
  const std::string name = type + "/" + std::to_string(input.height) + "x" +
                           std::to_string(input.width) + "x" + std::to_string(input.channels);
  const std::size_t inputs = kShardExamples * input.size(), outputs = inputs / 4;
  add_benchmark("forward_" + name, [=](benchmark::State& state) {
    LayerRun run(config, input, kShardExamples);
    for (auto _ : state) run.forward();
    count_bytes(state, sizeof(float) * (inputs + outputs));
  });
  const std::size_t searched = type == "max_pooling2d" ? inputs + outputs : 0;
  add_benchmark("backward_" + name, [=](benchmark::State& state) {
    LayerRun run(config, input, kShardExamples);
    run.forward();
    for (auto _ : state) run.backward();
    count_bytes(state, sizeof(float) * (inputs + outputs + searched));
  });
}

}  // namespace

void register_pooling_benchmarks() {
  for (const Shape& input : {Shape{32, 32, 32}, Shape{16, 16, 64}, Shape{8, 8, 128}}) {
    add_pooling("max_pooling2d", input);
  }
  add_pooling("average_pooling2d", {32, 32, 32});
}

}  // namespace bnn
