// State of layers that gradients do not train, in checkpoints, predictions and initial weights.
#include <algorithm>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/checkpoint/checkpoint.h"
#include "bnn/checkpoint/initial_weights.h"
#include "bnn/infer/predictor.h"
#include "bnn/infer/pruning.h"
#include "support/running_mean_layer.h"
#include "support/temporary_directory.h"
#include "support/trainer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

const std::string kMean = "running/moving_mean";

struct StateFixture : TrainerFixture {
  explicit StateFixture(const AverageSpec& average = {})
      : TrainerFixture(make_graph_with_state(kStateModel), averaging(average), 2) {}

  static TrainingSpec averaging(const AverageSpec& average) {
    TrainingSpec spec = small_spec();
    spec.average = average;
    return spec;
  }

  void steps(std::uint32_t first, std::uint32_t last) {
    for (std::uint32_t step = first; step <= last; ++step) trainer.step(step, indices(12, step));
  }
  ModelArrays arrays() { return {&trainer.parameters(), trainer.optimizer_state()}; }
  std::vector<float> copy(AlignedArray& array) {
    return {array.span().begin(), array.span().end()};
  }
};

}  // namespace

TEST_CASE("a run with state that is saved and restored goes on with the same bits") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("last.safetensors");
  for (const AverageSpec& average : {AverageSpec{}, AverageSpec{.ema_decay = 0.9}}) {
    StateFixture whole(average);
    whole.steps(1, 3);
    save_checkpoint(path, Json::object(), {}, whole.graph.layout(), whole.arrays());
    whole.steps(4, 6);

    StateFixture resumed(average);
    restore_arrays(path, read_checkpoint_file(path), resumed.graph.layout(), resumed.arrays());
    resumed.steps(4, 6);
    CHECK(same_bits(resumed.copy(resumed.trainer.parameters()),
                    whole.copy(whole.trainer.parameters())));
  }
}

TEST_CASE("a checkpoint has a tensor for a layer's state and none of an optimizer for it") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("last.safetensors");
  StateFixture f;
  f.steps(1, 2);
  save_checkpoint(path, Json::object(), {}, f.graph.layout(), f.arrays());
  CheckpointContents contents = read_checkpoint_file(path);
  std::vector<std::string> names;
  for (const Tensor& tensor : contents.tensors) {
    if (tensor.name.ends_with(kMean)) names.push_back(tensor.name);
  }
  CHECK(names == std::vector<std::string>{kMean});

  std::erase_if(contents.tensors, [](const Tensor& tensor) { return tensor.name == kMean; });
  CHECK(error_message(ErrorKind::checkpoint, [&] {
          restore_arrays(path, contents, f.graph.layout(), f.arrays());
        }).find("tensor \"running/moving_mean\" is missing") != std::string::npos);
}

TEST_CASE("a prediction reads a layer's state and leaves it as it is") {
  StateFixture f;
  const auto predict = [&] {
    std::vector<float> all;
    Predictor predictor(f.graph, f.likelihood, f.trainer.parameters(), {.mean_weights = true},
                        f.pool);
    predictor.predict(f.data, Standardizer(plain_pixels(f.data.shape())), indices(30),
                      [&](const PredictedBlock& block) {
                        all.assign(block.predictions.begin(), block.predictions.end());
                      });
    return all;
  };
  const auto before = f.copy(f.trainer.parameters());
  const auto first = predict();
  CHECK(same_bits(f.copy(f.trainer.parameters()), before));
  for (float& x : f.parameter(kMean)) x += 1.0f;
  CHECK(!same_bits(predict(), first));
}

TEST_CASE("initial weights bring their state, pruning passes it over") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("last.safetensors");
  StateFixture trained;
  trained.steps(1, 3);
  save_checkpoint(path, Json::object(), {}, trained.graph.layout(),
                  {&trained.trainer.parameters()});
  StateFixture fresh;
  start_from_weights(path, read_checkpoint_file(path), fresh.graph.layout(),
                     fresh.trainer.parameters());
  CHECK(same_bits(fresh.parameter(kMean), trained.parameter(kMean)));

  const PruningOrder order(fresh.graph.layout(), fresh.trainer.parameters());
  order.prune(order.size(), fresh.trainer.parameters());
  CHECK(same_bits(fresh.parameter(kMean), trained.parameter(kMean)));
}

TEST_CASE("a variance below zero is no state of a layer") {
  const TemporaryDirectory directory;
  TrainerFixture f(R"({"input": {"height": 4, "width": 4, "channels": 2}, "layers": [
      {"type": "batch_normalization", "name": "norm"}, {"type": "flatten"},
      {"type": "dense", "units": 3}]})",
                   small_spec());
  const auto save = [&] {
    save_checkpoint(directory.file("last.safetensors"), Json::object(), {}, f.graph.layout(),
                    {&f.trainer.parameters()});
  };
  f.parameter("norm/moving_mean")[1] = -1.0f;
  save();
  f.parameter("norm/moving_variance")[1] = -1.0f;
  CHECK(error_message(ErrorKind::numerical, save)
            .find("tensor \"norm/moving_variance\": value 1 is negative") != std::string::npos);
}
