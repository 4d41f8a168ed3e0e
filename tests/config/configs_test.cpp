// The configs that come with the programs, each as it stands in its file: trained for two steps on
// a handful of made-up images in files of the names that it asks for, and evaluated.

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/config/run_config.h"
#include "support/data_files.h"
#include "support/json_document.h"
#include "support/places.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

constexpr int kTrainExamples = 20, kTestExamples = 6;
const Words kSmall = {"--set", "data.validation=4",    "--set", "training.batch_size=8",
                      "--set", "evaluation.samples=2", "--set", "evaluation.validation_samples=2"};

std::filesystem::path config_folder() {
  return std::filesystem::path(bnn::testing::source_directory()) / "configs";
}

std::vector<std::filesystem::path> config_paths() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(config_folder())) {
    if (entry.path().extension() == ".json") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// The files of one split, `files` as in the config.
void write_split(const TemporaryDirectory& folder, const Json& data, const std::string& split,
                 int examples) {
  const Json& files = data.at(split);
  if (data.at("format") == "idx") {
    const std::string images = files.at("images").text(), labels = files.at("labels").text();
    write_idx_images(folder.file(images), examples, 28, 28, 1, 0, images.ends_with(".gz"));
    write_idx_labels(folder.file(labels), examples, 0, labels.ends_with(".gz"));
    return;
  }
  REQUIRE(data.at("format") == "cifar10");
  int pattern = 0;
  const int each = examples / static_cast<int>(files.size());
  for (const Json& file : files) write_cifar10(folder.file(file.text()), each, pattern++);
}

void write_data(const TemporaryDirectory& folder, const Json& data) {
  write_split(folder, data, "train", kTrainExamples);
  write_split(folder, data, "test", kTestExamples);
  if (data.value_or("class_names").is_string()) {
    write_text(folder.file(data.at("class_names").text()), "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
  }
}

ProgramRun succeed(const TemporaryDirectory& folder, const std::string& program,
                   const Words& arguments) {
  const ProgramRun run = run_program(program, arguments, {.directory = folder.path()});
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  return run;
}

// A config that starts from trained weights: the checkpoint of the same network without a
// posterior, whose config has the same name but for its last word.
Words starting_weights(const TemporaryDirectory& folder, const std::string& config) {
  if (!load_config_document(config).at("training").contains("posterior_from_weights")) return {};
  std::string source = config;
  source.replace(source.rfind('-'), std::string::npos, "-deterministic.json");
  succeed(folder, "bnn-train",
          with({"--config", source, "--data", folder.path(), "--out", "source", "--max-steps", "1",
                "--quiet", "--overwrite"},
               kSmall));
  return {"--init-from", "source/checkpoints/last.safetensors"};
}

// Trains into the folder `out` and returns the bytes of the last checkpoint.
std::string train(const TemporaryDirectory& folder, const std::string& config,
                  const std::string& threads, const std::string& out) {
  const Words words = with({"--config", config, "--data", folder.path(), "--out", out, "--threads",
                            threads, "--epochs", "1", "--quiet"},
                           kSmall);
  succeed(folder, "bnn-train", with(words, starting_weights(folder, config)));
  return read_bytes(folder.file(out + "/checkpoints/last.safetensors"));
}

void check_losses(const std::string& metrics) {
  const std::vector<Json> lines = json_lines(metrics);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].at("step") == 2);
  for (const char* key : {"nll", "kl", "loss"}) {
    CAPTURE(key);
    REQUIRE(lines[0].at(key).is_number());
    CHECK(std::isfinite(lines[0].at(key).get<double>()));
  }
  CHECK(lines[1].at("event") == "validation");
}

void check_evaluation(const TemporaryDirectory& folder, const std::string& out) {
  const ProgramRun run = succeed(folder, "bnn-eval",
                                 {out + "/checkpoints/last.safetensors", "--data", folder.path(),
                                  "--format", "json", "--threads", "2"});
  const Json report = bnn::testing::parsed(run.out);
  CHECK(report.at("examples") == kTestExamples);
  REQUIRE(report.at("nll").is_number());
  CHECK(report.at("nll").get<double>() > 0.0);
}

}  // namespace

TEST_CASE("every config trains, evaluates, and gives the same bytes on any number of threads") {
  REQUIRE(config_paths().size() >= 10);
  for (const auto& path : config_paths()) {
    CAPTURE(path.filename());
    const TemporaryDirectory folder;
    write_data(folder, load_config_document(path).at("data"));
    const std::string checkpoint = train(folder, path, "1", "one");
    CHECK(checkpoint == train(folder, path, "2", "two"));
    check_losses(read_bytes(folder.file("one/metrics.jsonl")));
    check_evaluation(folder, "one");
  }
}

TEST_CASE("the estimator of a whole network follows from one key") {
  const std::string path = config_folder() / "fashion-mnist-reparameterization.json";
  const Json document = load_config_document(path);
  CHECK(bnn::testing::at_pointer(document, "/model/defaults/estimator") == "reparameterization");
  for (const char* name : {"flipout", "local_reparameterization", "independent"}) {
    Json changed = document;
    apply_override(changed, std::string("model.defaults.estimator=") + name);
    const RunConfig config = read_run_config(changed, path, ErrorKind::config);
    for (const Json& layer : bnn::testing::at_pointer(config.resolved, "/model/layers")) {
      if (layer.contains("kernel_posterior_fn")) CHECK(layer.at("estimator") == name);
    }
  }
}

TEST_CASE("what --print-config prints of a config is itself a config and resolves to itself") {
  for (const auto& path : config_paths()) {
    CAPTURE(path.filename());
    const TemporaryDirectory folder;
    const std::string printed =
        succeed(folder, "bnn-train", {"--config", path, "--print-config"}).out;
    write_text(folder.file("printed.json"), printed);
    const ProgramRun again =
        succeed(folder, "bnn-train", {"--config", "printed.json", "--print-config"});
    CHECK(again.out == printed);
    CHECK(bnn::testing::parsed(printed).at("name") == path.stem().string());
  }
}

TEST_CASE("configs are named after their files and listed, with their command, in the README") {
  const std::string readme = read_bytes(config_folder() / "README.md");
  for (const auto& path : config_paths()) {
    CAPTURE(path.filename());
    const std::string file = path.filename();
    CHECK(load_config_document(path).at("name") == path.stem().string());
    CHECK(readme.find("](" + file + ")") != std::string::npos);
  }
}

}  // namespace bnn::testing
