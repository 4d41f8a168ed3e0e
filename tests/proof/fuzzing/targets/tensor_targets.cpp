// Files of tensors: safetensors of other programs, checkpoints, and what lies beside them.

#include <cmath>
#include <numeric>

#include "bnn/checkpoint/checkpoint.h"
#include "bnn/checkpoint/features_file.h"
#include "bnn/checkpoint/torch_weights.h"
#include "bnn/core/input_file.h"
#include "bnn/core/parse_json.h"
#include "bnn/evaluation/evaluation_part.h"
#include "bnn/files/safetensors.h"
#include "made_up_run.h"
#include "support/data_files.h"
#include "support/temporary_directory.h"
#include "targets/targets.h"

namespace bnn::fuzzing {
namespace {

using testing::TemporaryDirectory;

constexpr double kMostCost = 1e6;
constexpr std::size_t kMostFile = std::size_t{1} << 20, kMostBytes = std::size_t{32} << 20;

InputFile file_of(Bytes input) {
  return {std::as_bytes(input), "x.safetensors", ErrorKind::checkpoint};
}

std::string bytes_of(const std::string& path) {
  return read_text_file(path, kMostFile, ErrorKind::internal);
}

// Calls what must not fail after the input was accepted.
template <typename Function>
auto must_succeed(const char* what, const Function& function) {
  try {
    return function();
  } catch (const Error& error) {
    fail(std::string(what) + ": " + error.what());
  }
}

// Writes it, reads it back and writes it again.
void require_same_file(const SafetensorsFile& file) {
  const TemporaryDirectory folder;
  const auto write = [&](const SafetensorsFile& contents, const std::string& name) {
    std::vector<TensorView> views;
    for (const Tensor& tensor : contents.tensors) {
      views.push_back({tensor.name, tensor.shape, tensor.values});
    }
    write_safetensors(folder.file(name), contents.metadata, views);
    return bytes_of(folder.file(name));
  };
  const std::string first = write(file, "a"),
                    second = write(read_safetensors(folder.file("a")), "b");
  require(first == second, "tensors are written in another way");
}

const Graph& torch_network() {
  static const Graph graph = make_graph(config_of(R"({
    "data": {"format": "cifar10", "train": ["a"]},
    "model": {"input": {"height": 4, "width": 4, "channels": 3}, "layers": [
      {"type": "conv2d_flipout", "name": "conv1", "filters": 4, "kernel_size": 3},
      {"type": "batch_normalization", "name": "bn1"},
      {"type": "conv2d", "name": "conv2", "filters": 2, "kernel_size": 1},
      {"type": "flatten"},
      {"type": "dense_flipout", "name": "fc", "units": 10}]}})"),
                                        "config.json", ErrorKind::config);
  return graph;
}

void predict(const ModelCheckpoint& model) {
  ThreadPool pool(1);
  const Graph& graph = model.graph;
  SampleOptions sampling;
  sampling.samples = 2;
  const PredictionSpec spec = prediction_spec(sampling, model);
  const Dataset images = made_up_images(graph.input_shape(), graph.outputs(), 2);
  Predictor predictor(graph, *model.likelihood, model.parameters, spec, pool);
  const std::vector<std::uint32_t> examples = {0, 1};
  predictor.predict(images, Standardizer(model.standardization), examples, [](const auto& block) {
    for (std::size_t row = 0; row < block.predictions.size(); row += block.width) {
      const auto one = block.predictions.subspan(row, block.width);
      const float sum = std::accumulate(one.begin(), one.end(), 0.0f);
      require(!std::isfinite(sum) || std::abs(sum - 1.0f) < 1e-3f, "probabilities do not sum to 1");
    }
  });
}

// Saved and loaded, it is saved as the same bytes.
void require_same_checkpoint(const LoadedCheckpoint& loaded, const ModelCheckpoint& model) {
  const TemporaryDirectory folder;
  const ParameterLayout& layout = model.graph.layout();
  const auto save = [&](const LoadedCheckpoint& checkpoint, const std::string& name) {
    AlignedArray parameters(layout.size());
    restore_arrays(name, checkpoint.contents, layout, {&parameters});
    save_checkpoint(folder.file(name), checkpoint.config.resolved, checkpoint.state, layout,
                    {&parameters});
    return bytes_of(folder.file(name));
  };
  must_succeed("an accepted checkpoint cannot be saved again", [&] {
    const std::string first = save(loaded, "a");
    require(save(load_checkpoint(folder.file("a")), "b") == first,
            "a checkpoint is saved otherwise");
  });
}

}  // namespace

void fuzz_safetensors(Bytes input) {
  InputFile all = file_of(input);
  read_safetensors(all, TensorNumbers::any);
  InputFile floats = file_of(input);
  const SafetensorsFile file = read_safetensors(floats);
  must_succeed("accepted tensors cannot be written", [&] { require_same_file(file); });
}

void fuzz_torch(Bytes input) {
  InputFile file = file_of(input);
  const SafetensorsFile weights = read_safetensors(file, TensorNumbers::any);
  const Graph& graph = torch_network();
  AlignedArray parameters(graph.layout().size());
  const TorchStart start =
      start_from_torch("x.safetensors", weights.tensors, {}, graph, parameters);
  for (const std::string& sentence : start.sentences) require_sentence(sentence);
  for (const float value : parameters.span()) {
    require(std::isfinite(value), "a weight that is not finite was taken");
  }
}

void fuzz_checkpoint(Bytes input) {
  InputFile file = file_of(input);
  const ModelCheckpoint model = load_model(file, 1);
  if (cost_of(model.graph) > kMostCost) return;
  InputFile again = file_of(input);
  require_same_checkpoint(load_checkpoint(again), model);
  if (Predictor::bytes(model.graph, 1) < kMostBytes) predict(model);
}

void fuzz_features(Bytes input) {
  InputFile file = file_of(input);
  const CheckpointContents contents = read_checkpoint_file(file);
  const TemporaryDirectory folder;
  const std::string path = folder.file("last.safetensors");
  testing::write_text(features_path(path), as_string(input));
  // A model with the digest that the file names.
  const RunConfig config = config_of(R"({
    "data": {"format": "cifar10", "train": ["a"]},
    "model": {"input": {"height": 2, "width": 2, "channels": 1}, "layers": [
      {"type": "flatten"}, {"type": "dense", "units": 4}, {"type": "dense_flipout", "units": 10}]}})");
  Graph graph = make_graph(config, "config.json", ErrorKind::config);
  const std::size_t size = graph.layout().size();
  ModelCheckpoint model{config, std::move(graph), nullptr, AlignedArray(size), {}, {}};
  const auto document = try_parse_json(contents.config);
  const Json* digest = document ? document->find("checkpoint") : nullptr;
  if (digest != nullptr && digest->is_string()) model.digest = digest->text();
  const auto read = read_features(path, model);
  if (!read) return;
  must_succeed("accepted features cannot be written", [&] {
    write_features(path, model.digest, *read);
    const std::string first = bytes_of(features_path(path));
    write_features(path, model.digest, *read_features(path, model));
    require(bytes_of(features_path(path)) == first, "features are written in another way");
  });
}

void fuzz_evaluation_part(Bytes input) {
  const TemporaryDirectory folder;
  const std::string path = folder.file("part");
  testing::write_text(path, as_string(input));
  const EvaluationPart part = read_part(path);
  must_succeed("an accepted part cannot be written", [&] {
    write_part(path, part);
    const std::string first = bytes_of(path);
    write_part(path, read_part(path));
    require(bytes_of(path) == first, "a part is written in another way");
  });
}

}  // namespace bnn::fuzzing
