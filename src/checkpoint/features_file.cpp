#include "bnn/checkpoint/features_file.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fmt/format.h>
#include <numeric>

#include "bnn/core/input_file.h"
#include "bnn/core/json_reader.h"
#include "bnn/core/parse_json.h"
#include "bnn/files/checkpoint_file.h"
#include "bnn/model/features.h"

namespace bnn {
namespace {

constexpr const char* kFeaturesKind = "features";
constexpr const char* kMakeAgain =
    "remove it, or make it again with bnn-eval CHECKPOINT --fit-features";

[[noreturn]] void fail_features(const std::string& path, const std::string& sentence) {
  throw Error(ErrorKind::checkpoint, shown_path(path) + ": " + sentence);
}

std::vector<float> take_tensor(CheckpointContents& contents, const std::string& name,
                               const std::vector<std::int64_t>& shape, const std::string& path) {
  for (Tensor& tensor : contents.tensors) {
    if (tensor.name == name && tensor.shape == shape) return std::move(tensor.values);
  }
  fail_features(path, fmt::format("expected a tensor \"{}\" of shape {}, by the network of the "
                                  "checkpoint; {}",
                                  name, Json(shape).dump(), kMakeAgain));
}

// Throws unless the numbers can be counts and a whitening matrix.
void check_numbers(const ClassGaussians& gaussians, const std::string& path) {
  const auto is_count = [](float count) { return count >= 0 && count == std::floor(count); };
  const std::vector<float>& counts = gaussians.counts;
  if (!std::all_of(counts.begin(), counts.end(), is_count) ||
      std::accumulate(counts.begin(), counts.end(), 0.0) < 1) {
    fail_features(path, "tensor \"counts\": expected numbers of images, not all 0");
  }
  for (std::size_t i = 0; i < gaussians.features; ++i) {
    const float* row = gaussians.whitening.data() + i * gaussians.features;
    const bool has_zeros = std::all_of(row, row + i, [](float value) { return value == 0; });
    if (!has_zeros || !(row[i] > 0)) {
      fail_features(path,
                    "tensor \"whitening\": expected an upper triangular matrix with a "
                    "positive diagonal");
    }
  }
}

}  // namespace

std::string features_path(const std::string& checkpoint) {
  return checkpoint + ".features.safetensors";
}

void write_features(const std::string& checkpoint, const std::string& checkpoint_digest,
                    const ClassGaussians& gaussians) {
  const auto classes = static_cast<std::int64_t>(gaussians.classes);
  const auto features = static_cast<std::int64_t>(gaussians.features);
  const std::vector<TensorView> tensors = {
      {"counts", {classes}, gaussians.counts},
      {"means", {classes, features}, gaussians.means},
      {"whitening", {features, features}, gaussians.whitening}};
  const Json config = {{"checkpoint", checkpoint_digest}, {"shrinkage", gaussians.shrinkage}};
  write_checkpoint_file(features_path(checkpoint), config.dump(), "{}", {{"kind", kFeaturesKind}},
                        tensors);
}

std::optional<ClassGaussians> read_features(const std::string& checkpoint,
                                            const ModelCheckpoint& model) {
  const std::string path = features_path(checkpoint);
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) return std::nullopt;
  CheckpointContents contents = read_checkpoint_file(path);
  const auto kind = contents.extra_metadata.find("kind");
  if (kind == contents.extra_metadata.end() || kind->second != kFeaturesKind) {
    fail_features(path, "expected a file of bnn-eval --fit-features");
  }
  const std::string source = shown_path(path) + ": config";
  const Json document = parse_json(contents.config, source, ErrorKind::checkpoint);
  Problems problems(source);
  ObjectReader reader(document, "", problems);
  const std::string digest = reader.text("checkpoint", std::nullopt);
  ClassGaussians gaussians;
  gaussians.shrinkage = reader.real("shrinkage", {.min = 0, .max = 1});
  reader.finish();
  problems.raise_if_any(ErrorKind::checkpoint);
  if (digest != model.digest) {
    fail_features(path, fmt::format("belongs to other weights (digest {}; expected \"{}\"); {}",
                                    json_text(digest), model.digest, kMakeAgain));
  }
  const std::optional<FeatureNode> features = find_features(model.graph);
  if (!features || features->size > kMaxFeatures) {
    fail_features(path, "the network has no features that it could be of");
  }
  gaussians.classes = static_cast<std::size_t>(model.graph.outputs());
  gaussians.features = features->size;
  const auto k = static_cast<std::int64_t>(gaussians.classes);
  const auto p = static_cast<std::int64_t>(gaussians.features);
  gaussians.counts = take_tensor(contents, "counts", {k}, path);
  gaussians.means = take_tensor(contents, "means", {k, p}, path);
  gaussians.whitening = take_tensor(contents, "whitening", {p, p}, path);
  check_numbers(gaussians, path);
  return gaussians;
}

}  // namespace bnn
