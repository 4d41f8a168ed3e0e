#pragma once
// Makes a layer from a config snippet and runs it as a shard would: random parameters, draws and
// inputs, buffers of exactly the promised sizes with guards behind them, and NaN wherever the
// contract says "overwritten" or "scratch". Gradients are compared with central differences of the
// naive layer in double, with all noise frozen.

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/core/aligned_array.h"
#include "bnn/core/error.h"
#include "bnn/core/json_reader.h"
#include "bnn/core/parse_json.h"
#include "bnn/layers/make_layer.h"
#include "bnn/layers/read_layer.h"
#include "bnn/math/blas.h"
#include "support/naive_layers.h"

namespace bnn::testing {

constexpr std::uint32_t kLayerIndex = 5;  // names the sign streams

/// Numbers in [-1, 1) times `scale`.
inline std::vector<float> random_numbers(std::size_t size, std::uint32_t seed, float scale = 1.0f) {
  std::mt19937 random(seed);
  std::vector<float> numbers(size);
  for (float& x : numbers) x = scale * (static_cast<float>(random() >> 8) * 0x1p-23f - 1.0f);
  return numbers;
}

inline Numbers to_numbers(std::span<const float> values) { return {values.begin(), values.end()}; }

/// The largest |a - b|, relative to the largest |b| where that is above 1. NaN counts as infinite.
inline double worst_error(std::span<const float> a, std::span<const double> b) {
  REQUIRE(a.size() == b.size());
  double worst = 0.0, largest = 1.0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    const double error = std::abs(static_cast<double>(a[i]) - b[i]);
    worst = std::isnan(error) ? HUGE_VAL : std::max(worst, error);
    largest = std::max(largest, std::abs(b[i]));
  }
  return worst / largest;
}

/// Memory that a layer is lent; what lies behind it must stay as it is.
class GuardedFloats {
 public:
  GuardedFloats(std::size_t size, float fill) : size_(size), memory_(size + kAlignment) {
    std::fill_n(memory_.data(), size, fill);
    std::fill_n(memory_.data() + size, kAlignment, kGuard);
  }

  float* data() { return memory_.data(); }
  /// Null if empty, as a graph would pass it.
  float* data_or_null() { return size_ == 0 ? nullptr : data(); }
  std::span<const float> span() const { return memory_.span().first(size_); }
  void copy(std::span<const float> from) { std::copy(from.begin(), from.end(), data()); }
  bool intact() const {
    const auto guard = memory_.span().subspan(size_);
    return std::all_of(guard.begin(), guard.end(), [](float x) { return x == kGuard; });
  }

 private:
  static constexpr float kGuard = 12345.0f;
  std::size_t size_;
  AlignedArray memory_;
};

constexpr float kUnset = std::numeric_limits<float>::quiet_NaN();

/// Reads a layer as one at /model/layers/3; throws what is wrong with it.
inline LayerSpec read_layer_text(const std::string& json) {
  const Json document = parse_json(json, "config", ErrorKind::config);
  Problems problems("config");
  ObjectReader reader(document, "/model/layers/3", problems);
  LayerSpec spec = read_layer(reader);
  reader.finish();
  problems.raise_if_any(ErrorKind::config);
  return spec;
}

struct MadeLayer {
  ParameterLayout layout = {};
  std::unique_ptr<Layer> layer = nullptr;
  std::vector<Shape> inputs = {};
};

inline MadeLayer make_layer_from(const std::string& json, const std::vector<Shape>& inputs) {
  static const bool blas_is_ready = (prepare_blas(1), true);
  REQUIRE(blas_is_ready);
  MadeLayer made;
  made.inputs = inputs;
  const LayerSpec spec = read_layer_text(json);
  made.layer = make_layer(spec, "layer", {kLayerIndex, spec.seed}, inputs, made.layout);
  return made;
}

/// `"key": [a, b]`, with a comma before it.
inline std::string pair_text(const std::string& key, const std::array<int, 2>& pair) {
  return ", \"" + key + "\": [" + std::to_string(pair[0]) + ", " + std::to_string(pair[1]) + "]";
}

/// The config of a convolution with this window; `more` holds further keys, each after a comma.
inline std::string conv_text(const std::string& type, const NaiveWindow& w,
                             const std::string& activation = "linear",
                             const std::string& more = "") {
  return "{\"type\": \"" + type + "\", \"filters\": " + std::to_string(w.filters) +
         pair_text("kernel_size", w.kernel) + pair_text("strides", w.strides) +
         pair_text("dilation_rate", w.dilation) + ", \"padding\": \"" +
         (w.padding == Padding::same ? "same" : "valid") + "\", \"activation\": \"" + activation +
         "\"" + more + "}";
}

/// The config of a dense layer.
inline std::string dense_text(const std::string& type, int units,
                              const std::string& activation = "linear",
                              const std::string& more = "") {
  return "{\"type\": \"" + type + "\", \"units\": " + std::to_string(units) +
         ", \"activation\": \"" + activation + "\"" + more + "}";
}

inline const std::string kEstimators[] = {"flipout", "reparameterization",
                                          "local_reparameterization", "independent"};

inline std::string estimator_key(const std::string& name) {
  return ", \"estimator\": \"" + name + "\"";
}

inline const std::string kSampledBias = R"(, "bias_posterior_fn": {"is_singular": false})";

/// One shard's pass through a layer.
struct LayerRun {
  LayerRun(const MadeLayer& made_layer, int examples, std::uint32_t seed = 1)
      : made(made_layer),
        parameters(random_numbers(made.layout.size(), seed)),
        // A layer without variables has noise too: the array is never empty.
        draws(random_numbers(std::max<std::size_t>(made.layout.size(), 1), seed + 1)),
        noise_examples(static_cast<std::size_t>(examples)),
        output(static_cast<std::size_t>(examples) * made.layer->output_shape().size(), kUnset),
        output_gradient(output.span().size(), kUnset),
        saved(static_cast<std::size_t>(examples) * made.layer->saved_size(), kUnset),
        gradient(made.layout.size(), 0.0f),
        state_sums(made.layout.size(), 0.0f) {
    for (std::size_t i = 0; i < made.inputs.size(); ++i) {
      const std::size_t size = static_cast<std::size_t>(examples) * made.inputs[i].size();
      inputs.push_back(random_numbers(size, seed + 10 + static_cast<std::uint32_t>(i)));
      input_gradients.emplace_back(size, kUnset);
    }
    std::iota(noise_examples.begin(), noise_examples.end(), 40u);
    pass = {examples, parameters.data(), draws.data(),
            PassNoise{.seed = 9, .step = 3, .examples = noise_examples}};
  }
  LayerRun(const LayerRun&) = delete;
  LayerRun& operator=(const LayerRun&) = delete;

  /// What the layer makes of its weights for all shards, as Execution would have it.
  GuardedFloats prepared(bool wants_input_gradients) const {
    GuardedFloats memory(made.layer->prepared_size(wants_input_gradients), kUnset);
    for (int task = 0; task < made.layer->prepare_tasks(wants_input_gradients); ++task) {
      made.layer->prepare({pass, wants_input_gradients, task, memory.data()});
    }
    REQUIRE(memory.intact());
    return memory;
  }

  std::span<const float> forward() {
    GuardedFloats for_all = prepared(true);
    GuardedFloats scratch(made.layer->scratch_size(pass.examples), kUnset);
    made.layer->forward({.pass = pass,
                         .inputs = input_pointers(),
                         .output = output.data(),
                         .saved = saved.data_or_null(),
                         .scratch = scratch.data(),
                         .state_sums = pass.training ? state_sums.data() : nullptr,
                         .prepared = for_all.data()});
    REQUIRE((scratch.intact() && output.intact() && saved.intact() && state_sums.intact()));
    return output.span();
  }

  /// The output of a pass that keeps nothing for backward.
  std::vector<float> infer() {
    GuardedFloats scratch(made.layer->scratch_size(pass.examples), kUnset);
    GuardedFloats for_all = prepared(false);
    std::vector<float> result(output.span().size(), kUnset);
    made.layer->forward({.pass = pass,
                         .inputs = input_pointers(),
                         .output = result.data(),
                         .saved = nullptr,
                         .scratch = scratch.data(),
                         .prepared = for_all.data()});
    REQUIRE(scratch.intact());
    return result;
  }

  /// Backward for the loss that is the sum of weights ∘ output; then the deferred gradients.
  void backward(std::span<const float> weights, bool wants_input_gradients = true) {
    output_gradient.copy(weights);
    std::vector<float*> targets;
    for (GuardedFloats& target : input_gradients) {
      targets.push_back(wants_input_gradients ? target.data() : nullptr);
    }
    GuardedFloats scratch(made.layer->scratch_size(pass.examples), kUnset);
    GuardedFloats for_all = prepared(wants_input_gradients);
    made.layer->backward({pass, input_pointers(), output.data(), output_gradient.data(), targets,
                          gradient.data(), saved.data_or_null(), scratch.data(), for_all.data()});
    REQUIRE((scratch.intact() && output_gradient.intact() && gradient.intact()));
    for (const GuardedFloats& target : input_gradients) REQUIRE(target.intact());
    const ShardView view{&pass, inputs[0].data(), output_gradient.data()};
    for (int block = 0; block < made.layer->weight_gradient_blocks(); ++block) {
      GuardedFloats memory(made.layer->weight_gradient_scratch(1, pass.examples), kUnset);
      made.layer->weight_gradient({{&view, 1}, block, false, gradient.data(), memory.data()});
      REQUIRE((memory.intact() && gradient.intact()));
    }
  }

  NaivePass naive_pass() const { return {pass.noise, kLayerIndex, pass.has_noise()}; }
  NaiveState naive_state() const {
    NaiveState state{to_numbers(parameters), to_numbers(draws), {}};
    for (const auto& input : inputs) state.inputs.push_back(to_numbers(input));
    return state;
  }

  const MadeLayer& made;
  std::vector<float> parameters, draws;
  std::vector<std::vector<float>> inputs = {};
  std::vector<std::uint32_t> noise_examples;  // names of the examples in the sign streams
  Pass pass = {};
  GuardedFloats output, output_gradient, saved, gradient, state_sums;
  std::vector<GuardedFloats> input_gradients = {};

 private:
  std::span<const float* const> input_pointers() {
    pointers_.clear();
    for (const auto& input : inputs) pointers_.push_back(input.data());
    return pointers_;
  }
  std::vector<const float*> pointers_ = {};
};

/// d loss / d values by central differences, for every element.
inline Numbers differences(Numbers& values, const std::function<double()>& loss) {
  constexpr double kStep = 1e-6;
  Numbers gradient;
  for (double& value : values) {
    const double middle = value;
    value = middle + kStep;
    const double above = loss();
    value = middle - kStep;
    gradient.push_back((above - loss()) / (2 * kStep));
    value = middle;
  }
  return gradient;
}

/// Requires forward, all parameter gradients and all input gradients of the run to be the naive
/// layer's.
inline void check_against_naive(LayerRun& run, const NaiveLayer& naive) {
  NaiveState state = run.naive_state();
  const Numbers expected = naive(state);
  CHECK(worst_error(run.forward(), expected) < 1e-5);
  const auto weights = random_numbers(expected.size(), 77);
  run.backward(weights);
  const auto loss = [&] {
    const Numbers output = naive(state);
    return std::inner_product(output.begin(), output.end(), weights.begin(), 0.0);
  };
  // A layer returns the gradient for what was drawn in the slice of the untransformed scale.
  Numbers gradient = differences(state.parameters, loss);
  const Numbers drawn = differences(state.draws, loss);
  for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] += drawn[i];
  CHECK(worst_error(run.gradient.span(), gradient) < 2e-5);
  for (std::size_t i = 0; i < state.inputs.size(); ++i) {
    CHECK(worst_error(run.input_gradients[i].span(), differences(state.inputs[i], loss)) < 2e-5);
  }
}

}  // namespace bnn::testing
