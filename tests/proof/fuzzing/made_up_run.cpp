#include "made_up_run.h"

#include <algorithm>
#include <numeric>

#include "bnn/config/model_preset.h"
#include "bnn/core/parse_json.h"
#include "bnn/data/standardize.h"

namespace bnn::fuzzing {
namespace {

constexpr std::size_t kImages = 5, kMostBytes = std::size_t{32} << 20;

double cost_of(const Graph& graph, const Node& node) {
  double numbers = 0;
  for (std::size_t i = node.variables.begin; i < node.variables.end; ++i) {
    numbers += static_cast<double>(graph.layout().variables()[i].slice.size);
  }
  // A window of a pooling is at most as large as what it looks at.
  double pixels = 0, inputs = 0;
  for (const int input : node.inputs) {
    const Shape& shape = graph.nodes()[static_cast<std::size_t>(input)].shape;
    pixels += static_cast<double>(shape.pixels());
    inputs += static_cast<double>(shape.size());
  }
  const auto outputs = static_cast<double>(node.shape.size());
  return static_cast<double>(node.shape.pixels()) * numbers + outputs * std::min(pixels, 64.0) +
         inputs;
}

TrainingData data_of(const RunConfig& config, const Graph& graph, ThreadPool& pool) {
  TrainingData data;
  data.images = made_up_images(config.model.input, graph.outputs(), kImages);
  data.split.train.resize(kImages);
  std::iota(data.split.train.begin(), data.split.train.end(), 0u);
  data.class_weights.assign(config.class_weights.given.begin(), config.class_weights.given.end());
  data.standardization = resolve_standardization(config.data, data.images, data.split.train, pool);
  return data;
}

}  // namespace

RunConfig config_of(std::string_view text) {
  Json document = parse_json(text, "config.json", ErrorKind::config);
  if (has_preset(document)) {
    Json& model = document.at("model");
    const Shape shape = preset_input(model).value_or(Shape{8, 8, 3});
    model = expand_preset(model, shape, 10, "config.json");
  }
  return read_run_config(document, "config.json", ErrorKind::config);
}

double cost_of(const Graph& graph) {
  double cost = 0;
  for (const Node& node : graph.nodes()) cost += cost_of(graph, node);
  return cost;
}

std::unique_ptr<Run> made_up_run(const RunConfig& config, double most) {
  Graph graph = make_graph(config, "config.json", ErrorKind::config);
  const double samples = config.training.samples;
  if (cost_of(graph) * samples > most) return nullptr;
  const std::size_t weights = config.class_weights.given.size();
  if (weights > 0 && weights != static_cast<std::size_t>(graph.outputs())) return nullptr;
  ExecutionPlan plan = training_plan(graph, config.training, 1);
  if (run_bytes(config, graph, plan) > kMostBytes) return nullptr;
  ThreadPool pool(1);
  TrainingData data = data_of(config, graph, pool);
  return std::make_unique<Run>(config, std::move(graph), std::move(data), std::move(plan));
}

Dataset made_up_images(const Shape& shape, int classes, std::size_t images) {
  RawImages raw;
  std::uint32_t noise = 1;
  for (std::size_t i = 0; i < images * shape.size(); ++i) {
    noise = noise * 1664525u + 1013904223u;
    raw.pixels.push_back(static_cast<std::uint8_t>(noise >> 24));
  }
  for (std::size_t i = 0; i < images; ++i) {
    raw.labels.push_back(static_cast<int>(i % static_cast<std::size_t>(classes)));
  }
  return {shape, classes, std::move(raw), {{"made up", images}}};
}

}  // namespace bnn::fuzzing
