// The tensors of a checkpoint: parameters and, for training, the state of whatever optimizer.

#include "bnn/checkpoint/checkpoint.h"

#include <catch2/catch.hpp>

#include "bnn/bayes/tensor_names.h"
#include "bnn/train/sgd.h"
#include "support/json_document.h"
#include "support/temporary_directory.h"
#include "support/tiny_run.h"
#include "support/trainer_fixture.h"

namespace bnn::testing {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;

const std::string kModel = R"({"input": {"height": 4, "width": 4, "channels": 2}, "layers": [
    {"type": "flatten"}, {"type": "dense_flipout", "name": "logits", "units": 3}]})";

TrainingSpec sgd_spec() {
  TrainingSpec spec = small_spec();
  spec.optimizer = sgd_optimizer({.learning_rate = 0.05, .momentum = 0.9});
  return spec;
}

void train(TrainerFixture& f, std::uint64_t first, std::uint64_t last) {
  for (std::uint64_t step = first; step <= last; ++step) f.trainer.step(step, indices(12));
}

ModelArrays arrays_of(TrainerFixture& f) {
  return {&f.trainer.parameters(), f.trainer.optimizer_state()};
}

// The config of these checkpoints is another run's, which their tensors do not depend on.
void save(const std::string& path, TrainerFixture& f, const ModelArrays& arrays) {
  save_checkpoint(path, tiny_config(), {}, f.graph.layout(), arrays);
}

std::string restoring(const std::string& path, TrainerFixture& f, const ModelArrays& arrays) {
  return error_message(ErrorKind::checkpoint, [&] {
    restore_arrays(path, read_checkpoint_file(path), f.graph.layout(), arrays);
  });
}

}  // namespace

TEST_CASE("a run of another optimizer than Adam continues from its checkpoint with the same bits") {
  const TemporaryDirectory folder;
  TrainerFixture stopped(kModel, sgd_spec()), whole(kModel, sgd_spec());
  train(stopped, 1, 3);
  save(folder.file("c"), stopped, arrays_of(stopped));
  TrainerFixture continued(kModel, sgd_spec());
  restore_arrays(folder.file("c"), read_checkpoint_file(folder.file("c")), continued.graph.layout(),
                 arrays_of(continued));
  CHECK(same_bits(continued.state("velocity").span(), stopped.state("velocity").span()));
  train(continued, 4, 6);
  train(whole, 1, 6);
  CHECK(same_bits(continued.trainer.parameters().span(), whole.trainer.parameters().span()));
}

TEST_CASE("the state of an optimizer has a tensor for every array and variable") {
  const TemporaryDirectory folder;
  TrainerFixture adam(kModel, small_spec()), sgd(kModel, sgd_spec());
  const auto names = [&](TrainerFixture& f, const ModelArrays& arrays) {
    save(folder.file("c"), f, arrays);
    std::vector<std::string> list;
    for (const Tensor& tensor : read_checkpoint_file(folder.file("c")).tensors) {
      list.push_back(tensor.name);
    }
    return list;
  };
  const std::vector<std::string> variables = {"logits/bias_posterior_loc",
                                              "logits/kernel_posterior_loc",
                                              "logits/kernel_posterior_untransformed_scale"};
  const auto expected = [&](const std::vector<std::string>& state) {
    std::vector<std::string> list = variables;
    for (const std::string& array : state) {
      for (const std::string& variable : variables) {
        list.push_back("optimizer/" + array + "/" + variable);
      }
    }
    std::sort(list.begin(), list.end());
    return list;
  };
  CHECK(names(adam, arrays_of(adam)) == expected({"m", "v"}));
  CHECK(names(sgd, arrays_of(sgd)) == expected({"velocity"}));
  CHECK(names(adam, {&adam.trainer.parameters()}) == expected({}));
}

TEST_CASE("the state of another optimizer is refused with the tensors that do not fit") {
  const TemporaryDirectory folder;
  TrainerFixture adam(kModel, small_spec()), sgd(kModel, sgd_spec());
  save(folder.file("c"), sgd, arrays_of(sgd));
  const std::string message = restoring(folder.file("c"), adam, arrays_of(adam));
  CHECK_THAT(message, Contains("tensors \"optimizer/m/"));
  CHECK_THAT(message, Contains("and 2 more are missing"));
  CHECK_THAT(message, Contains("\"optimizer/velocity/logits/kernel_posterior_loc\""));
  CHECK_THAT(message, EndsWith("belong to another optimizer than the config's"));
  // Parameters alone can be taken from any.
  restore_arrays(folder.file("c"), read_checkpoint_file(folder.file("c")), adam.graph.layout(),
                 {&adam.trainer.parameters()});
  save(folder.file("c"), adam, {&adam.trainer.parameters()});
  CHECK_THAT(restoring(folder.file("c"), adam, arrays_of(adam)), EndsWith("are missing"));
}

TEST_CASE("tensors of no layer, and layers without a tensor, are named") {
  const TemporaryDirectory folder;
  TrainerFixture f(kModel, small_spec());
  TrainerFixture other(R"({"input": {"height": 4, "width": 4, "channels": 2}, "layers": [
      {"type": "flatten"}, {"type": "dense", "name": "logits", "units": 3}]})",
                       small_spec());
  save(folder.file("c"), other, {&other.trainer.parameters()});
  CHECK_THAT(restoring(folder.file("c"), f, {&f.trainer.parameters()}),
             Contains("\"logits/kernel_posterior_loc\", ") && Contains(" are missing; ") &&
                 EndsWith("tensors \"logits/bias\", \"logits/kernel\" belong to no layer of the "
                          "network"));
}

TEST_CASE("a negative number where the optimizer's state has none is refused") {
  const TemporaryDirectory folder;
  TrainerFixture f(kModel, small_spec());
  const Slice slice = f.slice("logits/kernel_posterior_loc");
  const std::string place =
      "tensor \"optimizer/v/logits/kernel_posterior_loc\": value 2 is negative";
  f.state("m").data()[slice.offset] = -1.0f;
  f.state("v").data()[slice.offset + 1] = -0.0f;
  save(folder.file("c"), f, arrays_of(f));
  CHECK_NOTHROW(load_checkpoint(folder.file("c")));
  f.state("v").data()[slice.offset + 2] = -1e-30f;
  CHECK_THAT(error_message(ErrorKind::numerical, [&] { save(folder.file("c"), f, arrays_of(f)); }),
             Contains(place));
  // Written by something else.
  CheckpointContents contents = read_checkpoint_file(folder.file("c"));
  std::vector<TensorView> views;
  for (Tensor& tensor : contents.tensors) {
    if (tensor.name == "optimizer/v/logits/kernel_posterior_loc") tensor.values[2] = -1e-30f;
    views.push_back({tensor.name, tensor.shape, tensor.values});
  }
  write_checkpoint_file(folder.file("c"), contents.config, contents.state, {}, views);
  CHECK_THAT(error_message(ErrorKind::checkpoint, [&] { load_checkpoint(folder.file("c")); }),
             Contains(place));
}

TEST_CASE("the names of an optimizer's tensors can be taken apart") {
  const std::string name = optimizer_tensor_name("m", "conv/kernel");
  CHECK(name == "optimizer/m/conv/kernel");
  CHECK(is_optimizer_tensor_name(name));
  CHECK(optimizer_array_of(name) == "m");
  CHECK_FALSE(is_optimizer_tensor_name("optimizers/kernel"));
  CHECK(optimizer_array_of("conv/kernel").empty());
  CHECK(optimizer_array_of("optimizer/") == "");
}

}  // namespace bnn::testing
