// Scores for images of another kind: the features file, and the numbers of bnn-eval --ood and
// bnn-predict that come from it.

#include <algorithm>
#include <filesystem>

#include <catch2/catch.hpp>

#include "support/data_files.h"
#include "support/json_document.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

const std::string kFeatures = "run/checkpoints/last.safetensors.features.safetensors";

bool is_there(const TinyRun& tiny, const std::string& name) {
  return std::filesystem::exists(tiny.file(name));
}

ProgramRun found(const TinyRun& tiny, Words arguments = {}) {
  arguments.insert(arguments.end(), {"--ood", "train-images", "--format", "json"});
  ProgramRun run = tiny.eval(arguments);
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  return run;
}

bool has_mahalanobis(const ProgramRun& run) {
  return parsed(run.out).at("ood").contains("mahalanobis");
}

// Whether predictions go without the score, which is said, and are refused where they hang on it.
bool predicted_without(const TinyRun& tiny, const std::string& reason) {
  check_failure(
      tiny.predict({"test-images", "--abstain-score", "mahalanobis", "--abstain-above", "1"}),
      "bnn-predict", 5, reason);
  const ProgramRun run = tiny.predict({"test-images"});
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  CHECK(run.err.find("; the score mahalanobis is left out") != std::string::npos);
  return run.err.find(reason) != std::string::npos &&
         !json_lines(run.out).at(0).contains("mahalanobis");
}

}  // namespace

TEST_CASE("the option --fit-features writes the same file on any number of threads") {
  const TrainedRun tiny;
  const ProgramRun one = tiny.eval({"--fit-features", "--threads", "1"});
  INFO(one.err);
  REQUIRE(one.exit_code == 0);
  CHECK(one.out.find("class Gaussians of 18 features, fitted to 48 training images") !=
        std::string::npos);
  const std::string file = tiny.read(kFeatures);
  const ProgramRun three = tiny.eval({"--fit-features", "--threads", "3", "--format", "json"});
  REQUIRE(three.exit_code == 0);
  CHECK(tiny.read(kFeatures) == file);
  const Json result = parsed(three.out);
  CHECK(keys_of(result) ==
        std::vector<std::string>{"file", "examples", "features", "classes", "shrinkage"});
  CHECK(result.at("examples") == kTinyTrainExamples);
  // It is one pass with the mean weights.
  for (const Words& other : {Words{"--samples", "3"}, Words{"--mean-weights"}, Words{"--seed", "9"},
                             Words{"--shared-draws"}, Words{"--bootstrap", "9"}}) {
    Words arguments = other;
    arguments.push_back("--fit-features");
    check_failure(tiny.eval(arguments), "bnn-eval", 2, other[0] + " excludes --fit-features");
  }
}

TEST_CASE("the option --ood makes the features file where it is missing or of other weights") {
  const TrainedRun tiny;
  const ProgramRun first = found(tiny);
  CHECK(first.err.find("class Gaussians of 18 features") != std::string::npos);
  CHECK(has_mahalanobis(first));
  REQUIRE(is_there(tiny, kFeatures));
  const ProgramRun second = found(tiny, {"--threads", "3"});
  CHECK(second.out == first.out);
  CHECK(second.err.find("class Gaussians") == std::string::npos);
  // Further training changes the weights.
  REQUIRE(tiny.train({"--out", "run", "--resume", "--epochs", "3"}).exit_code == 0);
  CHECK(predicted_without(tiny, "belongs to other weights"));
  CHECK(has_mahalanobis(found(tiny)));
  CHECK(json_lines(tiny.predict({"test-images"}).out).at(0).contains("mahalanobis"));
  write_text(tiny.file(kFeatures), tiny.read(kFeatures).substr(0, 500));
  CHECK(predicted_without(tiny, kFeatures));
}

TEST_CASE("without the training images the score mahalanobis is left out, or an old file refused") {
  const TrainedRun tiny;
  const std::string features = tiny.read("train-images");
  std::filesystem::rename(tiny.file("train-images"), tiny.file("other-images"));
  const Words arguments = {"--ood", "other-images", "--format", "json"};
  const ProgramRun run = tiny.eval(arguments);
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  CHECK(run.err.find("warning: --ood: the score mahalanobis is left out: ") != std::string::npos);
  CHECK(run.err.find("train-images") != std::string::npos);
  CHECK_FALSE(has_mahalanobis(run));
  CHECK(parsed(run.out).at("ood").contains("energy"));
  CHECK_FALSE(is_there(tiny, kFeatures));
  write_text(tiny.file(kFeatures), tiny.read("run/checkpoints/last.safetensors"));
  check_failure(tiny.eval(arguments), "bnn-eval", 5, kFeatures);
}

TEST_CASE("a network of more than 2048 features has no score mahalanobis, which is said") {
  Json config = tiny_config();
  config["model"]["layers"] = parsed(R"([
      {"type": "conv2d_flipout", "filters": 33, "kernel_size": 1, "activation": "relu"},
      {"type": "flatten"}, {"type": "dense_flipout", "units": 10}])");
  config["training"]["epochs"] = 1;
  const TrainedRun tiny(config);
  const ProgramRun run = found(tiny);
  const std::string sentence = "the last layer reads 2112 features; expected at most 2048";
  CHECK(run.err.find(sentence) != std::string::npos);
  CHECK_FALSE(has_mahalanobis(run));
  CHECK_FALSE(is_there(tiny, kFeatures));
  check_failure(tiny.eval({"--fit-features"}), "bnn-eval", 2, sentence);
}

TEST_CASE("with --ood, corrupted images show which score notices what") {
  const TrainedRun tiny;
  const Json result = parsed(found(tiny, {"--corrupt", "contrast", "gaussian_noise"}).out);
  for (const char* list : {"corruptions", "corruption_means"}) {
    for (const Json& one : result.at(list)) {
      CHECK(one.at("auroc").contains("mahalanobis"));
      CHECK(one.at("auroc").at("energy").get<double>() >= 0);
      CHECK(one.at("auroc").at("energy").get<double>() <= 1);
    }
  }
  const Json &first = result.at("corruptions").at(0), &sixth = result.at("corruptions").at(5);
  CHECK(result.at("corruption_means").at(0).at("auroc").at("energy").get<double>() ==
        Approx((first.at("auroc").at("energy").get<double>() +
                sixth.at("auroc").at("energy").get<double>()) /
               2));
  const ProgramRun plain = tiny.eval({"--corrupt", "contrast", "--format", "json"});
  CHECK_FALSE(parsed(plain.out).at("corruptions").at(0).contains("auroc"));
}

TEST_CASE("an ensemble has the score mahalanobis if all of its networks can have it") {
  const TrainedRun tiny;
  REQUIRE(tiny.train({"--out", "second", "--seed", "1"}).exit_code == 0);
  CHECK(has_mahalanobis(found(tiny, {tiny.last("second"), "--samples", "2"})));
  CHECK(is_there(tiny, kFeatures));
  CHECK(is_there(tiny, "second/checkpoints/last.safetensors.features.safetensors"));
  check_failure(tiny.eval({tiny.last("second"), "--fit-features"}), "bnn-eval", 2,
                "--fit-features: expected one checkpoint");
}

TEST_CASE("predictions have the score mahalanobis where there is a features file") {
  const TrainedRun tiny;
  REQUIRE(tiny.eval({"--fit-features"}).exit_code == 0);
  const std::vector<Json> lines = json_lines(tiny.predict({"test-images"}).out);
  REQUIRE(lines.size() == kTinyTestExamples);
  std::vector<double> distances;
  for (const Json& line : lines) distances.push_back(line.at("mahalanobis").get<double>());
  CHECK(*std::min_element(distances.begin(), distances.end()) > 0);
  const std::vector<std::string> rows =
      lines_of(tiny.predict({"test-images", "--format", "csv", "--threads", "1"}).out);
  CHECK(rows[0].ends_with(",energy,max_logit,mahalanobis"));
  CHECK(std::stod(rows[5].substr(rows[5].rfind(',') + 1)) == distances[4]);
  // The scores do not depend on the temperature.
  REQUIRE(tiny.eval({"--fit-calibration"}).exit_code == 0);
  const Json scaled = json_lines(tiny.predict({"test-images", "--temperature"}).out).at(4);
  CHECK(scaled.at("mahalanobis").get<double>() == distances[4]);
  CHECK(scaled.at("energy") == lines[4].at("energy"));
  CHECK(scaled.at("confidence") != lines[4].at("confidence"));
}

TEST_CASE("predictions abstain by a score for images of another kind") {
  const TrainedRun tiny;
  const Words by_distance = {"test-images", "--abstain-score", "mahalanobis", "--abstain-above",
                             "20"};
  check_failure(tiny.predict(by_distance), "bnn-predict", 2, "--fit-features");
  REQUIRE(tiny.eval({"--fit-features"}).exit_code == 0);
  for (const Json& line : json_lines(tiny.predict(by_distance).out)) {
    CHECK(line.at("abstain").get<bool>() == (line.at("mahalanobis").get<double>() > 20));
  }
  const ProgramRun by_energy =
      tiny.predict({"test-images", "--abstain-score", "energy", "--abstain-above", "-2.5"});
  REQUIRE(by_energy.exit_code == 0);
  for (const Json& line : json_lines(by_energy.out)) {
    CHECK(line.at("abstain").get<bool>() == (line.at("energy").get<double>() > -2.5));
  }
}

}  // namespace bnn::testing
