#include <algorithm>

#include "bnn/checkpoint/calibration_file.h"
#include "bnn/checkpoint/checkpoint.h"
#include "bnn/checkpoint/features_file.h"
#include "bnn/core/input_file.h"
#include "bnn/evaluation/evaluation_part.h"
#include "made_up_run.h"
#include "seeds/seeds.h"
#include "support/temporary_directory.h"

namespace bnn::fuzzing {
namespace {

constexpr std::size_t kMostFile = 16384;
constexpr const char* kDigest = "crc32:01234567";

testing::Bytes read(const std::string& path) {
  return bytes_of(read_text_file(path, std::size_t{1} << 20, ErrorKind::internal));
}

void add_checkpoints(const AddSeed& add, const std::string& path) {
  for (const std::string& text : config_seeds()) {
    const auto run = made_up_run(config_of(text), 1e6);
    if (run == nullptr) continue;
    const TrainingState state{.step = 1, .training_examples = 5};
    save_checkpoint(path, run->checkpoint_config(), state, run->graph.layout(),
                    {&run->trainer.parameters(), run->trainer.optimizer_state()});
    const testing::Bytes bytes = read(path);
    if (bytes.size() > kMostFile) continue;
    add("checkpoint", bytes);
    if (bytes.size() < kMostFile / 2) add("library", bytes);
  }
}

void add_torch_weights(const AddSeed& add, const std::string& path) {
  const std::vector<float> values(108, 0.5f);
  const std::span<const float> all = values;
  const std::vector<TensorView> tensors = {
      {"conv1.weight", {4, 3, 3, 3}, all},    {"bn1.weight", {4}, all.first(4)},
      {"bn1.bias", {4}, all.first(4)},        {"bn1.running_mean", {4}, all.first(4)},
      {"bn1.running_var", {4}, all.first(4)}, {"conv2.weight", {2, 4, 1, 1}, all.first(8)},
      {"conv2.bias", {2}, all.first(2)},      {"fc.bias", {10}, all.first(10)},
      {"fc.weight", {10, 8}, all.first(80)}};
  write_safetensors(path, {{"format", "pt"}}, tensors);
  add("torch", read(path));
  add("safetensors", read(path));
  write_safetensors(path, {}, std::span(tensors).first(1));
  add("torch", read(path));
}

void add_features(const AddSeed& add, const std::string& path) {
  constexpr std::size_t kClasses = 10, kFeatures = 4;
  ClassGaussians gaussians{.classes = kClasses, .features = kFeatures, .shrinkage = 0.25};
  gaussians.counts.assign(kClasses, 3);
  gaussians.means.assign(kClasses * kFeatures, 0.5f);
  gaussians.whitening.assign(kFeatures * kFeatures, 0);
  for (std::size_t i = 0; i < kFeatures; ++i) {
    for (std::size_t j = i; j < kFeatures; ++j) gaussians.whitening[i * kFeatures + j] = 1;
  }
  write_features(path, kDigest, gaussians);
  add("features", read(features_path(path)));
}

void add_part(const AddSeed& add, const std::string& path) {
  EvaluationPart part;
  part.plan.streams = {{}};
  part.plan.classes = 2;
  part.plan.samples = 2;
  part.plan.scores = 1;
  part.identity = {{"seed", 1}};
  part.streams = {{.passes = 2,
                   .images = 2,
                   .classes = 2,
                   .predictions = {0.5f, 0.5f, 1, 0, 0.25f, 0.75f, 0, 1},
                   .labels = {0, 1},
                   .scores = {1, 2, 3, 4}}};
  write_part(path, part);
  add("evaluation_part", read(path));
}

void add_calibration(const AddSeed& add, const std::string& path) {
  Calibration calibration;
  calibration.checkpoint_digest = kDigest;
  calibration.samples = 4;
  calibration.examples = 2;
  calibration.classes = 3;
  for (const auto& [score, name] : kConformalScoreNames) {
    calibration.scores[score] = ConformalTable({0.1, 0.5});
    calibration.scaled_scores[score] = ConformalTable({0.2, 0.25});
  }
  write_calibration(calibration_path(path), calibration);
  add("calibration", read(calibration_path(path)));
}

}  // namespace

void add_tensor_seeds(const AddSeed& add) {
  const testing::TemporaryDirectory folder;
  const std::string path = folder.file("x.safetensors");
  add_checkpoints(add, path);
  add_torch_weights(add, path);
  add_features(add, path);
  add_part(add, path);
  add_calibration(add, path);
}

}  // namespace bnn::fuzzing
