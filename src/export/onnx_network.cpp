#include "bnn/export/onnx_network.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "bnn/core/error.h"
#include "bnn/core/memory_limit.h"
#include "bnn/export/onnx_builder.h"
#include "bnn/export/onnx_layers.h"
#include "bnn/infer/summary.h"
#include "bnn/infer/weight_samples.h"

namespace bnn {
namespace {

constexpr std::uint32_t kSharedName = 0;  // of the noise that all images share

std::vector<float> floats(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

// (images - mean) / std, channel by channel.
std::string standardized(const ModelCheckpoint& model, const std::string& images,
                         OnnxBuilder& builder) {
  const std::int64_t channels = model.config.model.input.channels;
  const std::string mean =
      builder.constant("mean", {1, channels, 1, 1}, floats(model.standardization.mean));
  const std::string deviation =
      builder.constant("std", {1, channels, 1, 1}, floats(model.standardization.std));
  return builder.node("Div", {builder.node("Sub", {images, mean}, "centred"), deviation},
                      "standardized");
}

bool draws_weights(const Graph& graph, const Node& node) {
  const auto& tensors = graph.layout().random_tensors();
  return std::any_of(tensors.begin(), tensors.end(), [&](const RandomTensor& tensor) {
    return tensor.draw != Draw::none && tensor.loc >= node.variables.begin &&
           tensor.loc < node.variables.end;
  });
}

// Whether a node differs from sample to sample.
std::vector<bool> random_nodes(const Graph& graph) {
  std::vector<bool> random;
  for (const Node& node : graph.nodes()) {
    const bool reads_random = std::any_of(node.inputs.begin(), node.inputs.end(), [&](int input) {
      return random[static_cast<std::size_t>(input)];
    });
    const bool drops = node.layer != nullptr && node.layer->has_noise();
    random.push_back(reads_random || drops || draws_weights(graph, node));
  }
  return random;
}

// Numbers that each sample has for itself: drawn weights, and masks of dropout.
std::size_t numbers_of_a_sample(const Graph& graph) {
  std::size_t numbers = 0;
  std::set<std::string> counted;  // layers may share variables
  for (const Node& node : graph.nodes()) {
    if (node.layer != nullptr && node.layer->has_noise()) numbers += node.shape.size();
    if (!draws_weights(graph, node) || !counted.insert(node.variables_name).second) continue;
    for (std::size_t v = node.variables.begin; v < node.variables.end; ++v) {
      const Variable& variable = graph.layout().variables()[v];
      const bool is_scale = variable.name.ends_with("_untransformed_scale");
      if (!is_scale) numbers += variable.slice.size;
    }
  }
  return numbers;
}

void require_size(const Graph& graph, const PredictionSpec& spec) {
  const std::size_t samples = spec.mean_weights ? 0 : static_cast<std::size_t>(spec.samples);
  const std::size_t bytes =
      sizeof(float) * (graph.layout().numbers() + samples * numbers_of_a_sample(graph));
  if (bytes > kMaxOnnxBytes) {
    throw Error(ErrorKind::usage,
                fmt::format("the weights of {} samples take {} MiB, and an ONNX file holds at most "
                            "2047; expected fewer --samples or --mean-weights",
                            samples, bytes >> 20));
  }
  require_memory(bytes, "bnn-export", "the samples", ErrorKind::usage);
}

// What nodes are added for: those that no noise reaches, or one sample of the others.
struct NodesToAdd {
  bool random;
  const float* parameters;
  std::string suffix = {};
  const PassNoise* noise = nullptr;
};

// @param values the output of each node so far, changed
void add_nodes(const Graph& graph, const std::vector<bool>& random, const NodesToAdd& which,
               OnnxBuilder& builder, std::vector<std::string>& values) {
  for (std::size_t i = 1; i < graph.nodes().size(); ++i) {
    if (random[i] != which.random) continue;
    const Node& node = graph.nodes()[i];
    std::vector<std::string> inputs;
    for (const int input : node.inputs) inputs.push_back(values[static_cast<std::size_t>(input)]);
    const std::string weights_suffix = draws_weights(graph, node) ? which.suffix : "";
    values[i] = add_layer(
        {graph, node, inputs, which.parameters, which.suffix, weights_suffix, which.noise},
        builder);
  }
}

// The probabilities of every sample, (S, N, K).
std::string sample_probabilities(const ModelCheckpoint& model, const PredictionSpec& spec,
                                 ThreadPool& pool, const std::function<void()>& check,
                                 const std::string& images, OnnxBuilder& builder) {
  const Graph& graph = model.graph;
  const std::vector<bool> random =
      spec.mean_weights ? std::vector<bool>(graph.nodes().size(), false) : random_nodes(graph);
  std::vector<std::string> values(graph.nodes().size());
  values[0] = standardized(model, images, builder);
  add_nodes(graph, random, {false, model.parameters.data()}, builder, values);
  const std::vector<Chunk> chunks = cut_into_chunks(graph.layout());
  const std::string first_axis = builder.integers("first_axis", {0});
  AlignedArray sampled(graph.layout().size());
  std::vector<std::string> samples;
  for (int s = 0; s < spec.passes(); ++s) {
    check();
    const std::string suffix = spec.passes() > 1 ? "/" + std::to_string(s) : "";
    if (!spec.mean_weights) {
      const auto sample = static_cast<std::uint32_t>(s);
      sample_weights(graph.layout(), chunks, model.parameters, spec.seed, sample, pool, sampled);
      const PassNoise noise{spec.seed, sample, true, std::span(&kSharedName, 1)};
      add_nodes(graph, random, {true, sampled.data(), suffix, &noise}, builder, values);
    }
    const std::string& logits = values[static_cast<std::size_t>(graph.output())];
    const std::string p =
        builder.node("Softmax", {logits}, "softmax" + suffix, {{"axis", std::int64_t{1}}});
    samples.push_back(builder.node("Unsqueeze", {p, first_axis}, "sample" + suffix));
  }
  return builder.node("Concat", samples, "samples", {{"axis", std::int64_t{0}}});
}

// What the outputs are made of.
class Summaries {
 public:
  Summaries(OnnxBuilder& builder, int classes)
      : builder_(builder),
        classes_(classes),
        smallest_(builder.number("smallest", static_cast<float>(kSmallestProbability))),
        zero_(builder.number("zero", 0.0f)),
        last_axis_(builder.integers("last_axis", {-1})) {}

  /// @param samples (S, N, K)
  void add(const std::string& samples, double temperature) {
    const std::string mean =
        builder_.node("ReduceMean", {samples}, "mean_probabilities",
                      {{"axes", std::vector<std::int64_t>{0}}, {"keepdims", std::int64_t{0}}});
    std::string probabilities = mean, expected;
    if (temperature == 1) {
      expected =
          builder_.node("ReduceMean", {entropy(samples, "sample_entropy")}, "mean_entropy",
                        {{"axes", std::vector<std::int64_t>{0}}, {"keepdims", std::int64_t{0}}});
    } else {
      const std::string logs = logarithm(mean, "mean");
      probabilities = scaled_mean(logs, temperature);
      expected = scaled_entropy(samples, logs, temperature);
    }
    const std::string predictive = entropy(probabilities, "entropy");
    const std::string difference =
        builder_.node("Sub", {predictive, expected}, "entropy_difference");
    builder_.output("probabilities", probabilities, {-1, classes_});
    builder_.output("predictive_entropy", predictive, {-1});
    builder_.output("expected_entropy", expected, {-1});
    builder_.output("mutual_information", builder_.node("Max", {difference, zero_}, "information"),
                    {-1});
  }

 private:
  std::string sum(const std::string& value, const std::string& axes, bool keep,
                  const std::string& name) {
    return builder_.node("ReduceSum", {value, axes}, name, {{"keepdims", std::int64_t{keep}}});
  }
  std::string logarithm(const std::string& p, const std::string& name) {
    return builder_.node("Log", {builder_.node("Max", {p, smallest_}, name + "/floored")},
                         name + "/log");
  }
  // -sum p log p over the last axis.
  std::string entropy(const std::string& p, const std::string& name) {
    const std::string terms = builder_.node("Mul", {p, logarithm(p, name)}, name + "/terms");
    return builder_.node("Neg", {sum(terms, last_axis_, false, name + "/sum")}, name);
  }
  // softmax(log p / T)
  std::string scaled_mean(const std::string& logs, double temperature) {
    const std::string t = builder_.number("temperature", static_cast<float>(temperature));
    return builder_.node("Softmax", {builder_.node("Div", {logs, t}, "scaled_logs")},
                         "scaled_probabilities", {{"axis", std::int64_t{1}}});
  }
  // The expected entropy of the samples after scaling (infer/temperature.h): weights w of the
  // classes turn sample p_s into q_s = p_s w / Z_s, with share Z_s / sum of Z.
  std::string scaled_entropy(const std::string& samples, const std::string& logs,
                             double temperature) {
    const std::string samples_axis = builder_.integers("samples_axis", {0});
    const std::string power =
        builder_.number("tilting_power", static_cast<float>(1 / temperature - 1));
    const std::string top =
        builder_.node("ReduceMax", {logs}, "top_log",
                      {{"axes", std::vector<std::int64_t>{-1}}, {"keepdims", std::int64_t{1}}});
    const std::string weights = builder_.node(
        "Exp",
        {builder_.node("Mul", {builder_.node("Sub", {logs, top}, "log_below_top"), power},
                       "log_weights")},
        "tilting_weights");
    const std::string tilted = builder_.node(
        "Mul", {builder_.node("Max", {samples, smallest_}, "floored_samples"), weights}, "tilted");
    const std::string z = sum(tilted, last_axis_, true, "tilted_sum");
    const std::string q = builder_.node("Div", {tilted, z}, "scaled_samples");
    const std::string flat_z = sum(tilted, last_axis_, false, "tilted_share");
    const std::string shares =
        builder_.node("Div", {flat_z, sum(flat_z, samples_axis, true, "share_sum")}, "shares");
    return sum(
        builder_.node("Mul", {shares, entropy(q, "scaled_sample_entropy")}, "shared_entropy"),
        samples_axis, false, "scaled_expected_entropy");
  }

  OnnxBuilder& builder_;
  std::int64_t classes_;
  std::string smallest_, zero_, last_axis_;
};

std::map<std::string, std::string> metadata_of(const ModelCheckpoint& model,
                                               const PredictionSpec& spec) {
  std::map<std::string, std::string> metadata = {
      {"checkpoint", model.digest},
      {"image_layout", "NCHW, pixels from 0 to 1, channels as in the training images"},
      {"samples", spec.mean_weights ? "mean weights" : std::to_string(spec.passes())},
      {"seed", std::to_string(spec.seed)},
      {"temperature", fmt::format("{}", spec.temperature)},
      {"entropies", "in nats"}};
  if (!model.class_names.empty()) metadata["class_names"] = Json(model.class_names).dump();
  return metadata;
}

}  // namespace

OnnxModel onnx_network(const ModelCheckpoint& model, const PredictionSpec& spec, ThreadPool& pool,
                       const std::function<void()>& check) {
  require_size(model.graph, spec);
  OnnxModel onnx;
  onnx.name = model.config.name;
  onnx.description =
      "A Bayesian neural network as samples of its weights: probabilities and uncertainty.";
  onnx.producer_version = BNN_VERSION;
  onnx.metadata = metadata_of(model, spec);
  OnnxBuilder builder(onnx);
  const Shape& input = model.config.model.input;
  // Names of outputs are taken first, so that no layer has them.
  const std::string images =
      builder.input("images", {-1, input.channels, input.height, input.width});
  builder.reserve(
      {"probabilities", "predictive_entropy", "expected_entropy", "mutual_information"});
  const std::string samples = sample_probabilities(model, spec, pool, check, images, builder);
  Summaries(builder, model.graph.outputs()).add(samples, spec.temperature);
  return onnx;
}

}  // namespace bnn
