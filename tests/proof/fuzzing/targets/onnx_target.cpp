// The ONNX file of any accepted config's network, read and computed by the reader of tests/export,
// against the product's own predictions.

#include <cmath>

#include "bnn/checkpoint/model_checkpoint.h"
#include "bnn/export/onnx_network.h"
#include "bnn/infer/class_summaries.h"
#include "export/onnx_reader.h"
#include "made_up_run.h"
#include "targets/targets.h"

namespace bnn::fuzzing {
namespace {

constexpr std::size_t kMostText = std::size_t{1} << 13, kImages = 2;
constexpr double kMostCost = 2e4, kTolerance = 2e-3;

ModelCheckpoint model_of(const RunConfig& config) {
  const std::unique_ptr<Run> run = made_up_run(config, kMostCost);
  if (run == nullptr) throw Error(ErrorKind::usage, "the network is too large to be tried");
  std::unique_ptr<const Likelihood> likelihood = make_likelihood(run->graph);
  return {run->config,
          std::move(run->graph),
          std::move(likelihood),
          std::move(run->trainer.parameters()),
          run->data.standardization,
          {}};
}

// Channels first, from 0 to 1.
testing::ReadTensor onnx_images(const Dataset& data) {
  const Shape& shape = data.shape();
  testing::ReadTensor tensor{{kImages, shape.channels, shape.height, shape.width}, {}};
  for (std::size_t i = 0; i < kImages; ++i) {
    for (std::size_t c = 0; c < static_cast<std::size_t>(shape.channels); ++c) {
      for (std::size_t pixel = 0; pixel < shape.pixels(); ++pixel) {
        const std::size_t at = pixel * static_cast<std::size_t>(shape.channels) + c;
        tensor.values.push_back(data.image(i)[at] / 255.0);
      }
    }
  }
  return tensor;
}

std::string bytes_of(const OnnxModel& network) {
  const OnnxFile file = onnx_file(network);
  std::string bytes;
  for (const auto part : file.parts) {
    bytes.append(reinterpret_cast<const char*>(part.data()), part.size());
  }
  return bytes;
}

void require_close(const testing::ReadTensor& probabilities, const PredictedBlock& block) {
  require(probabilities.values.size() == kImages * block.width, "an export of another shape");
  for (std::size_t i = 0; i < kImages; ++i) {
    const Summary summary = summary_of(block, i);
    for (std::size_t k = 0; k < block.width; ++k) {
      const double difference =
          probabilities.values[i * block.width + k] - summary.probabilities[k];
      require(std::abs(difference) < kTolerance, "an export gives other probabilities");
    }
  }
}

}  // namespace

void fuzz_onnx(Bytes input) {
  if (input.size() > kMostText) return;
  const ModelCheckpoint model = model_of(config_of(as_text(input)));
  SampleOptions sampling;
  sampling.samples = 2;
  sampling.shared_draws = true;
  const PredictionSpec spec = prediction_spec(sampling, model);
  ThreadPool pool(1);
  const Dataset data = made_up_images(model.graph.input_shape(), model.graph.outputs(), kImages);
  const std::string bytes = bytes_of(onnx_network(model, spec, pool, [] {}));
  const auto values = testing::evaluate_onnx(testing::read_onnx(bytes), onnx_images(data));
  Predictor predictor(model.graph, *model.likelihood, model.parameters, spec, pool);
  const std::vector<std::uint32_t> examples = {0, 1};
  predictor.predict(data, Standardizer(model.standardization), examples,
                    [&](const auto& block) { require_close(values.at("probabilities"), block); });
}

}  // namespace bnn::fuzzing
