#include <algorithm>
#include <span>
#include <string_view>

#include <catch2/catch.hpp>

#include "bnn/core/processor.h"
#include "bnn/files/crc32c.h"
#include "support/trainer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

// Twelve by twelve pixels: convolutions with a kernel for each example, by im2col and in Winograd's
// form (one of them shared by all), one on a map small enough for two products, both poolings, and
// dense layers of more than one chunk and one block.
const std::string kModel = R"({"input": {"height": 12, "width": 12, "channels": 2}, "layers": [
    {"type": "conv2d_flipout", "filters": 8, "kernel_size": 3, "padding": "same",
     "activation": "relu", "bias_posterior_fn": {"is_singular": false}},
    {"type": "conv2d_flipout", "name": "winograd", "filters": 16, "kernel_size": 3,
     "padding": "same", "activation": "swish"},
    {"type": "conv2d_flipout", "name": "five", "filters": 8, "kernel_size": 5, "padding": "same",
     "activation": "relu"},
    {"type": "conv2d", "name": "plain", "filters": 8, "kernel_size": 3, "padding": "same"},
    {"type": "max_pooling2d", "pool_size": 4},
    {"type": "conv2d_flipout", "name": "small", "filters": 7, "kernel_size": 3, "padding": "same",
     "activation": "tanh"},
    {"type": "average_pooling2d", "pool_size": 2, "strides": 1},
    {"type": "flatten"},
    {"type": "dense_flipout", "units": 350, "activation": "relu"},
    {"type": "dense", "name": "hidden", "units": 101, "activation": "swish"},
    {"type": "dense_flipout", "name": "logits", "units": 5}]})";

// Depthwise, separable and transposed convolutions: one example at a time, and whole shards.
const std::string kFurtherModel = R"({"input": {"height": 12, "width": 12, "channels": 2},
  "layers": [
    {"type": "depthwise_conv2d_flipout", "kernel_size": 3, "padding": "same", "strides": 2,
     "depth_multiplier": 9, "bias_posterior_fn": {"is_singular": false}},
    {"type": "separable_conv2d_flipout", "filters": 8, "kernel_size": 3, "activation": "relu"},
    {"type": "separable_conv2d_local_reparameterization", "filters": 6, "kernel_size": 2,
     "activation": "swish"},
    {"type": "conv2d_transpose_flipout", "filters": 7, "kernel_size": 3, "strides": 2,
     "padding": "same", "activation": "relu"},
    {"type": "conv2d_transpose_local_reparameterization", "filters": 3, "kernel_size": 2},
    {"type": "depthwise_conv2d_flipout", "name": "own", "kernel_size": 2,
     "estimator": "independent", "activation": "swish"},
    {"type": "flatten"},
    {"type": "dense_flipout", "name": "logits", "units": 5}]})";

constexpr std::uint64_t kSteps = 5;
constexpr std::size_t kBatch = 21;

struct State {
  std::vector<float> parameters, m, v;
  std::vector<double> losses;

  bool operator==(const State& other) const {
    return same_bits(parameters, other.parameters) && same_bits(m, other.m) &&
           same_bits(v, other.v) && losses == other.losses;
  }
};

std::vector<float> copy_of(const AlignedArray& array) {
  return {array.span().begin(), array.span().end()};
}

class Run {
 public:
  explicit Run(int threads, const std::string& model = kModel)
      : pool_(threads),
        graph_(make_graph(model)),
        likelihood_(classifier_of(graph_)),
        trainer_(graph_, likelihood_, Targets(data_.labels()), spec(), loader_, pool_) {}

  void steps(std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t step = first; step <= last; ++step) {
      const std::uint64_t per_epoch = trainer_.steps_per_epoch();
      const auto order = loader_.epoch_order(static_cast<std::uint32_t>((step - 1) / per_epoch));
      const std::size_t begin = (step - 1) % per_epoch * kBatch;
      const std::size_t size = std::min(kBatch, order.size() - begin);
      const StepStats stats = trainer_.step(step, std::span(order).subspan(begin, size));
      losses_.insert(losses_.end(), {stats.nll, stats.kl, stats.correct});
    }
  }

  State state() {
    return {copy_of(trainer_.parameters()), copy_of(state_array(trainer_, "m")),
            copy_of(state_array(trainer_, "v")), losses_};
  }

  void restore(const State& state) {
    std::copy(state.parameters.begin(), state.parameters.end(), trainer_.parameters().data());
    std::copy(state.m.begin(), state.m.end(), state_array(trainer_, "m").data());
    std::copy(state.v.begin(), state.v.end(), state_array(trainer_, "v").data());
    losses_ = state.losses;
  }

 private:
  static TrainingSpec spec() {
    TrainingSpec spec{.epochs = 3, .batch_size = kBatch, .seed = 11, .shards = 8, .samples = 2};
    spec.optimizer = adam_optimizer({.learning_rate = 0.01});
    spec.schedule.kind = ScheduleSpec::Kind::cosine;
    spec.gradient_clip_norm = 1.0;
    spec.kl.annealing_epochs = 1;
    return spec;
  }

  ThreadPool pool_;
  Dataset data_ = random_dataset({12, 12, 2, false}, 5, 50, 3);
  // Three steps an epoch, the last of eight examples.
  TrainingLoader loader_{data_, indices(50), {{0.4, 0.5}, {0.2, 0.3}}, {true, 2}, 11};
  Graph graph_;
  SoftmaxClassifier likelihood_;
  Trainer trainer_;
  std::vector<double> losses_;
};

}  // namespace

TEST_CASE("parameters, moments and losses have the same bits for 1, 2, 3 and 4 threads") {
  for (const std::string& model : {kModel, kFurtherModel}) {
    Run single(1, model);
    single.steps(1, kSteps);
    const State expected = single.state();
    for (int threads : {2, 3, 4, 2}) {
      Run run(threads, model);
      run.steps(1, kSteps);
      CHECK(run.state() == expected);
    }
  }
}

// The same on every x86-64 processor with AVX2 and FMA, in builds for the local processor and for
// any, whatever their vectors. The numbers are those of the C library of Debian 12, which computes
// the exponentials of the loss and tanh. A change of the arithmetic changes them, and says so.
TEST_CASE("a run has the same bits on every processor with AVX2 and FMA") {
  if (!has_vector_level(VectorLevel::avx2)) return;
  for (const auto& [model, expected] :
       {std::pair{kModel, 0x47bbd19u}, {kFurtherModel, 0x34c13189u}}) {
    Run run(2, model);
    run.steps(1, kSteps);
    const State state = run.state();
    const std::string_view bytes(reinterpret_cast<const char*>(state.parameters.data()),
                                 state.parameters.size() * sizeof(float));
    CHECK(crc32c(bytes) == expected);
  }
}

TEST_CASE("a run that continues from copied state gives the bits of the uninterrupted one") {
  Run whole(2);
  for (std::uint64_t stop : {1u, 2u, 3u, 4u}) {
    whole.steps(stop, stop);
    Run continued(stop % 2 == 0 ? 1 : 3);
    continued.restore(whole.state());
    continued.steps(stop + 1, kSteps);
    Run uninterrupted(2);
    uninterrupted.steps(1, kSteps);
    CHECK(continued.state() == uninterrupted.state());
  }
}

TEST_CASE("training moves every variable, and another step gives other numbers") {
  Run run(1);
  const State before = run.state();
  run.steps(1, 1);
  const State after = run.state();
  std::size_t moved = 0;
  for (std::size_t i = 0; i < before.parameters.size(); ++i) {
    moved += before.parameters[i] != after.parameters[i] ? 1u : 0u;
  }
  CHECK(moved > before.parameters.size() / 2);
  Run other(1);
  other.steps(2, 2);
  CHECK(!(other.state() == after));
}
