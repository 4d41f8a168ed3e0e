// bnn-export: an independent reader and evaluator of the ONNX file against bnn-predict.

#include <cmath>

#include <catch2/catch.hpp>

#include "export/onnx_reader.h"
#include "support/data_files.h"
#include "support/json_document.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

constexpr std::size_t kImages = 6;

// The first images of test.bin as ONNX takes them: one channel, from 0 to 1.
ReadTensor images() {
  const std::string records = cifar_records(kImages, kTinyTestPattern);
  ReadTensor tensor{{kImages, 1, 8, 8}, {}};
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (i % 65 != 0) tensor.values.push_back(static_cast<unsigned char>(records[i]) / 255.0);
  }
  return tensor;
}

ReadOnnx exported(const TinyRun& tiny, const Words& options) {
  Words words = {tiny.last(), "--output", "x.onnx", "--quiet"};
  words.insert(words.end(), options.begin(), options.end());
  const ProgramRun run = run_program("bnn-export", words, {.directory = tiny.path()});
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  CHECK(run.out.empty());
  return read_onnx(tiny.read("x.onnx"));
}

// Compares the outputs of the export with the lines of bnn-predict.
void check_numbers(const TinyRun& tiny, const Words& export_options, Words predict_options,
                   double tolerance) {
  const auto values = evaluate_onnx(exported(tiny, export_options), images());
  predict_options.insert(predict_options.begin(), "test.bin");
  const ProgramRun run = tiny.predict(predict_options);
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  const std::vector<Json> lines = json_lines(run.out);
  const ReadTensor& probabilities = values.at("probabilities");
  REQUIRE(probabilities.shape == std::vector<std::int64_t>{kImages, 10});
  for (std::size_t i = 0; i < kImages; ++i) {
    CAPTURE(i);
    for (std::size_t k = 0; k < 10; ++k) {
      CHECK(probabilities.values[i * 10 + k] ==
            Approx(lines[i].at("probabilities").at(k).get<double>()).margin(tolerance));
    }
    for (const char* name : {"predictive_entropy", "expected_entropy", "mutual_information"}) {
      CAPTURE(name);
      REQUIRE(values.at(name).shape == std::vector<std::int64_t>{kImages});
      CHECK(values.at(name).values[i] ==
            Approx(lines[i].at(name).get<double>()).margin(4 * tolerance));
    }
  }
}

// A tiny run on test.bin whose model has these layers before the logits.
Json config_of(const std::string& layers, const std::string& logits = "dense_flipout") {
  Json config = tiny_cifar_config();
  config["training"]["epochs"] = 1;
  config["training"]["shards"] = 4;  // each has several examples
  config["model"]["layers"] =
      parsed("[" + layers + R"(, {"type": ")" + logits + R"(", "name": "logits", "units": 10}])");
  return config;
}

}  // namespace

TEST_CASE("an export predicts what bnn-predict predicts, whatever the layers") {
  const struct {
    const char* what;
    const char* layers;
  } cases[] = {
      {"same and strides", R"({"type": "conv2d_flipout", "filters": 3, "kernel_size": 3,
        "strides": 2, "padding": "same", "activation": "relu"}, {"type": "flatten"})"},
      {"even kernels", R"({"type": "conv2d_flipout", "filters": 3, "kernel_size": [2, 4],
        "padding": "same", "activation": "elu"}, {"type": "flatten"})"},
      {"dilation", R"({"type": "conv2d_reparameterization", "filters": 3, "kernel_size": 3,
        "dilation_rate": 2, "padding": "same", "activation": "swish"}, {"type": "flatten"})"},
      {"local reparameterization", R"({"type": "conv2d_local_reparameterization", "filters": 2,
        "kernel_size": 3, "activation": "gelu"}, {"type": "flatten"},
        {"type": "dense_local_reparameterization", "units": 7, "activation": "selu"})"},
      {"pooling with padding", R"({"type": "conv2d_flipout", "filters": 2, "kernel_size": 2},
        {"type": "max_pooling2d", "pool_size": 3, "strides": 2, "padding": "same"},
        {"type": "average_pooling2d", "pool_size": 3, "strides": 2, "padding": "same"},
        {"type": "flatten"})"},
      {"channels first", R"({"type": "conv2d_flipout", "filters": 3, "kernel_size": 3,
        "data_format": "channels_first", "activation": "tanh"},
        {"type": "max_pooling2d", "pool_size": 2, "data_format": "channels_first"},
        {"type": "flatten"})"},
      {"a residual branch", R"({"type": "conv2d_flipout", "name": "a", "filters": 2,
        "kernel_size": 3, "padding": "same", "activation": "softplus"},
        {"type": "conv2d", "name": "b", "filters": 2, "kernel_size": 3, "padding": "same"},
        {"type": "add", "inputs": ["a", "b"], "name": "sum"},
        {"type": "concatenate", "inputs": ["sum", "a", "input"], "axis": -1},
        {"type": "activation", "activation": "leaky_relu"},
        {"type": "global_average_pooling2d"})"},
      {"concatenation of rows", R"({"type": "conv2d_flipout", "name": "a", "filters": 1,
        "kernel_size": 1, "activation": "sigmoid"},
        {"type": "concatenate", "inputs": ["a", "input"], "axis": 1}, {"type": "flatten"})"},
      {"a layer used twice", R"({"type": "conv2d_flipout", "name": "a", "filters": 1,
        "kernel_size": 3, "padding": "same", "activation": "relu"},
        {"type": "conv2d_flipout", "name": "a", "filters": 1, "kernel_size": 3,
        "padding": "same", "activation": "relu", "reuse": true}, {"type": "flatten"})"},
      {"random biases", R"({"type": "conv2d_flipout", "filters": 2, "kernel_size": 3,
        "bias_posterior_fn": {"is_singular": false}}, {"type": "flatten"},
        {"type": "dense_flipout", "units": 5, "bias_posterior_fn": null})"},
      {"padding, upsampling and channels that are weighed",
       R"({"type": "zero_padding2d", "padding": [[2, 0], [1, 3]], "name": "padded"},
        {"type": "conv2d_flipout", "filters": 3, "kernel_size": 3, "strides": 2},
        {"type": "prelu", "alpha_initializer": {"type": "constant", "value": 0.3}, "name": "x"},
        {"type": "global_average_pooling2d"},
        {"type": "dense", "units": 3, "activation": "sigmoid", "name": "gate"},
        {"type": "multiply", "inputs": ["x", "gate", "x"]},
        {"type": "upsampling2d", "size": [2, 1]},
        {"type": "upsampling2d", "size": [3, 2], "interpolation": "bilinear"},
        {"type": "flatten"}, {"type": "prelu"})"},
      {"batch normalisation", R"({"type": "conv2d_flipout", "filters": 3, "kernel_size": 3},
        {"type": "batch_normalization", "activation": "relu"}, {"type": "flatten"},
        {"type": "dense_flipout", "units": 5}, {"type": "batch_normalization", "scale": false})"},
      {"group normalisation", R"({"type": "conv2d_flipout", "filters": 6, "kernel_size": 3},
        {"type": "group_normalization", "groups": 2, "activation": "elu"}, {"type": "flatten"},
        {"type": "dense_flipout", "units": 6}, {"type": "group_normalization", "groups": 3})"},
      {"what images and vectors share", R"({"type": "conv2d_flipout", "filters": 8,
        "kernel_size": 1}, {"type": "group_normalization", "groups": 2, "name": "norm"},
        {"type": "prelu", "name": "bent"}, {"type": "global_average_pooling2d"},
        {"type": "group_normalization", "groups": 2, "name": "norm", "reuse": true},
        {"type": "prelu", "name": "bent", "reuse": true})"},
      {"what vectors and images share", R"({"type": "conv2d_flipout", "filters": 8,
        "kernel_size": 1, "name": "a"}, {"type": "global_average_pooling2d"},
        {"type": "group_normalization", "groups": 2, "name": "norm"},
        {"type": "prelu", "name": "bent"},
        {"type": "group_normalization", "groups": 2, "name": "norm", "reuse": true, "inputs": ["a"]},
        {"type": "prelu", "name": "bent", "reuse": true, "inputs": ["norm_1"]},
        {"type": "multiply", "inputs": ["bent_1", "bent"]},
        {"type": "flatten"})"},
      {"filter response normalisation", R"({"type": "conv2d_flipout", "filters": 3,
        "kernel_size": 3}, {"type": "filter_response_normalization"},
        {"type": "filter_response_normalization", "threshold": false, "center": false},
        {"type": "flatten"})"},
      {"depthwise and separable", R"({"type": "conv2d", "filters": 3, "kernel_size": 1},
        {"type": "depthwise_conv2d_flipout", "kernel_size": [3, 2], "depth_multiplier": 2,
        "padding": "same", "strides": 2, "activation": "elu"},
        {"type": "separable_conv2d_flipout", "filters": 5, "kernel_size": 2, "dilation_rate": 2,
        "depth_multiplier": 3, "padding": "same", "activation": "tanh"},
        {"type": "separable_conv2d", "filters": 3, "kernel_size": 3}, {"type": "flatten"})"},
      {"transposed", R"({"type": "conv2d_transpose_flipout", "filters": 3, "kernel_size": [2, 3],
        "strides": [3, 2], "activation": "tanh"},
        {"type": "conv2d_transpose_reparameterization", "filters": 2, "kernel_size": 3,
        "strides": 2, "padding": "same", "output_padding": [0, 1]},
        {"type": "conv2d_transpose", "filters": 2, "kernel_size": 2, "dilation_rate": 3,
        "padding": "same"}, {"type": "global_average_pooling2d"})"},
      {"names of outputs", R"({"type": "conv2d_flipout", "name": "probabilities", "filters": 2,
        "kernel_size": 3}, {"type": "flatten", "name": "images"})"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const TrainedRun tiny(config_of(c.layers));
    check_numbers(tiny, {"--samples", "3"}, {"--samples", "3", "--shared-draws"}, 2e-6);
    check_numbers(tiny, {"--mean-weights"}, {"--mean-weights"}, 2e-6);
  }
}

TEST_CASE("an export draws the samples of its seed and dropout's masks") {
  const TrainedRun tiny(config_of(R"({"type": "conv2d_flipout", "filters": 2, "kernel_size": 3},
      {"type": "dropout", "rate": 0.3}, {"type": "spatial_dropout2d", "rate": 0.4},
      {"type": "flatten"}, {"type": "dropout", "rate": 0.5})"));
  check_numbers(tiny, {"--samples", "4", "--seed", "11"},
                {"--samples", "4", "--seed", "11", "--shared-draws"}, 2e-6);
  check_numbers(tiny, {"--mean-weights"}, {"--mean-weights"}, 2e-6);
  const TrainedRun deterministic(
      config_of(R"({"type": "flatten"}, {"type": "dropout", "rate": 0.5})", "dense"));
  check_numbers(deterministic, {"--samples", "4"}, {"--samples", "4", "--shared-draws"}, 2e-6);
}

TEST_CASE("what no noise reaches is in an export once") {
  const TrainedRun tiny(
      config_of(R"({"type": "conv2d", "filters": 2, "kernel_size": 3}, {"type": "flatten"})"));
  const ReadOnnx model = exported(tiny, {"--samples", "5"});
  std::map<std::string, int> count;
  for (const ReadNode& node : model.nodes) ++count[node.type];
  CHECK(count["Conv"] == 1);
  CHECK(count["Gemm"] == 5);
}

TEST_CASE("an export holds the stored temperature") {
  const TrainedRun tiny(tiny_cifar_config());
  const ProgramRun fit = tiny.eval({"--fit-calibration", "--samples", "3"});
  REQUIRE(fit.exit_code == 0);
  const Json stored = parsed(tiny.read("run/checkpoints/last.safetensors.calibration.json"));
  REQUIRE(std::abs(stored.at("temperature").get<double>() - 1) > 0.01);
  check_numbers(tiny, {"--samples", "3", "--temperature"},
                {"--samples", "3", "--temperature", "--shared-draws"}, 2e-6);
}

TEST_CASE("an export says what it is") {
  Json config = tiny_cifar_config();
  Json names = Json::array();
  for (int k = 0; k < 10; ++k) names.push_back("name " + std::to_string(k));
  config["data"]["class_names"] = names;
  const TrainedRun tiny(config);
  const ReadOnnx model = exported(tiny, {});
  CHECK(model.ir_version == 7);
  CHECK(model.opset == 13);
  REQUIRE(model.inputs.size() == 1);
  CHECK(model.inputs[0].first == "images");
  CHECK(model.inputs[0].second == std::vector<std::int64_t>{-1, 1, 8, 8});
  std::vector<std::string> outputs;
  for (const auto& output : model.outputs) outputs.push_back(output.first);
  CHECK(outputs == std::vector<std::string>{"probabilities", "predictive_entropy",
                                            "expected_entropy", "mutual_information"});
  CHECK(model.metadata.at("samples") == "8");
  CHECK(model.metadata.at("seed") == "7");
  CHECK(parsed(model.metadata.at("class_names")) == names);
  CHECK(model.metadata.at("checkpoint").starts_with("crc32:"));
  CHECK(exported(tiny, {"--threads", "3"}).constants.size() == model.constants.size());
}

TEST_CASE("what cannot be exported is refused and leaves no file") {
  const TrainedRun tiny(tiny_cifar_config());
  const auto check_refused = [&](Words words, int code, const std::string& sentence) {
    const std::vector<std::string> before = tiny.tree();
    check_failure(run_program("bnn-export", words, {.directory = tiny.path()}), "bnn-export", code,
                  sentence);
    CHECK(tiny.tree() == before);
  };
  check_refused({tiny.last()}, 2, "--output");
  check_refused({tiny.last(), "--output", tiny.last()}, 2, "--output");
  check_refused({tiny.last(), "--output", "-"}, 2, "--output");
  check_refused({"tiny.json", "--output", "x.onnx"}, 5, "tiny.json");
  check_refused({tiny.last(), "--output", "no/x.onnx"}, 6, "no/x.onnx");
  check_refused({tiny.last(), "--output", "x.onnx", "--samples", "2", "--mean-weights"}, 2,
                "--mean-weights");
  check_refused({tiny.last(), "--output", "x.onnx", "--temperature"}, 2, "calibration");
}

TEST_CASE("an export of more than 2 GiB is refused before it is made") {
  const TrainedRun tiny(
      config_of(R"({"type": "flatten"}, {"type": "dense_flipout", "units": 200})"));
  check_failure(run_program("bnn-export", {tiny.last(), "--output", "x.onnx", "--samples", "65536"},
                            {.directory = tiny.path(), .timeout_seconds = 10}),
                "bnn-export", 2, "fewer --samples");
}

TEST_CASE("shared draws are an estimate of the same predictive distribution") {
  const TrainedRun tiny(tiny_cifar_config());
  const auto mean = [&](const Words& more) {
    Words words = {"test.bin", "--samples", "3000"};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<double> p;
    for (const Json& line : json_lines(tiny.predict(words).out)) {
      for (const Json& value : line.at("probabilities")) p.push_back(value.get<double>());
    }
    return p;
  };
  const std::vector<double> flipped = mean({}), shared = mean({"--shared-draws"});
  REQUIRE(flipped.size() == shared.size());
  CHECK(flipped != shared);
  CHECK(mean({"--shared-draws", "--threads", "3"}) == shared);
  double most = 0;
  for (std::size_t i = 0; i < shared.size(); ++i) {
    most = std::max(most, std::abs(flipped[i] - shared[i]));
  }
  CHECK(most < 0.02);  // standard errors of both are below 0.5 / sqrt 3000
}

}  // namespace bnn::testing
