// bnn-eval as a user runs it: its numbers against an independent computation from the samples that
// it saves, where it finds data, and what it refuses.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include <catch2/catch.hpp>

#include "support/data_files.h"
#include "support/json_document.h"
#include "support/npy_array.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

Json eval_json(const TinyRun& tiny, Words arguments) {
  arguments.insert(arguments.end(), {"--format", "json"});
  const ProgramRun run = tiny.eval(arguments);
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  REQUIRE(lines_of(run.out).size() == 1);
  return bnn::testing::parsed(run.out);
}

double entropy(const std::vector<double>& probabilities) {
  double sum = 0;
  for (const double p : probabilities) sum -= p > 0 ? p * std::log(p) : 0.0;
  return sum;
}

std::vector<double> sample_of(const NpyArray& array, std::size_t s, std::size_t n) {
  std::vector<double> p;
  for (std::size_t k = 0; k < array.classes; ++k) p.push_back(array.at(s, n, k));
  return p;
}

std::vector<double> mean_of(const NpyArray& array, std::size_t n) {
  std::vector<double> p;
  for (std::size_t k = 0; k < array.classes; ++k) p.push_back(array.mean(n, k));
  return p;
}

struct Expected {
  double accuracy = 0, nll = 0, brier = 0, ece = 0, predictive = 0, expected = 0;
  std::vector<std::vector<int>> confusion =
      std::vector<std::vector<int>>(10, std::vector<int>(10, 0));
};

// Section 5 of the contract, word for word.
Expected compute(const NpyArray& array, int pattern) {
  Expected result;
  const auto total = static_cast<double>(array.examples);
  std::vector<double> bin_correct(15, 0), bin_confidence(15, 0);
  for (std::size_t n = 0; n < array.examples; ++n) {
    const auto label = static_cast<std::size_t>(pattern_label(static_cast<int>(n), pattern));
    const std::vector<double> p = mean_of(array, n);
    const auto best = std::max_element(p.begin(), p.end());
    const auto predicted = static_cast<std::size_t>(best - p.begin());
    result.accuracy += (predicted == label) / total;
    result.nll -= std::log(p[label]) / total;
    for (std::size_t k = 0; k < p.size(); ++k) {
      result.brier += std::pow(p[k] - (k == label ? 1 : 0), 2) / total;
    }
    const auto bin = static_cast<std::size_t>(std::ceil(*best * 15)) - 1;
    bin_correct[bin] += predicted == label;
    bin_confidence[bin] += *best;
    result.predictive += entropy(p) / total;
    for (std::size_t s = 0; s < array.samples; ++s) {
      result.expected +=
          entropy(sample_of(array, s, n)) / total / static_cast<double>(array.samples);
    }
    ++result.confusion[label][predicted];
  }
  for (std::size_t b = 0; b < 15; ++b) {
    result.ece += std::abs(bin_correct[b] - bin_confidence[b]) / total;
  }
  return result;
}

}  // namespace

TEST_CASE("bnn-eval --format json has the keys of the contract in their order") {
  const TrainedRun tiny;
  const Json result = eval_json(tiny, {});
  CHECK(keys_of(result) == std::vector<std::string>{"examples",
                                                    "samples",
                                                    "accuracy",
                                                    "nll",
                                                    "brier",
                                                    "ece",
                                                    "adaptive_ece",
                                                    "mce",
                                                    "predictive_entropy",
                                                    "expected_entropy",
                                                    "mutual_information",
                                                    "aurc",
                                                    "per_class",
                                                    "confusion_matrix",
                                                    "calibration",
                                                    "balanced_accuracy",
                                                    "macro_f1",
                                                    "macro_auroc",
                                                    "smooth_ece",
                                                    "class_ece",
                                                    "augrc",
                                                    "coverage_at_5_risk",
                                                    "risk_at_80_coverage",
                                                    "brier_decomposition",
                                                    "risk_at_coverage",
                                                    "risk_coverage",
                                                    "intervals",
                                                    "mean_weights",
                                                    "samples_sweep"});
  CHECK(result.at("per_class").size() == 10);
  CHECK(keys_of(result.at("per_class")[0]) ==
        std::vector<std::string>{"class", "examples", "accuracy", "precision", "recall", "auroc",
                                 "mean_probability", "calibration_error"});
  CHECK(result.at("calibration").size() == 15);
  CHECK(keys_of(result.at("calibration")[0]) ==
        std::vector<std::string>{"lower", "upper", "count", "confidence", "accuracy"});
}

TEST_CASE("bnn-eval's numbers are those of the samples that it saves, over every example") {
  const TrainedRun tiny;
  const Json result = eval_json(tiny, {"--samples", "7", "--save-samples", "samples.npy"});
  const NpyArray array = parse_npy(tiny.read("samples.npy"));
  REQUIRE(array.samples == 7);
  REQUIRE(array.examples == kTinyTestExamples);
  REQUIRE(array.classes == 10);
  CHECK(result.at("examples") == kTinyTestExamples);
  CHECK(result.at("samples") == 7);
  const Expected expected = compute(array, kTinyTestPattern);
  CHECK(result.at("accuracy").get<double>() == Approx(expected.accuracy).margin(1e-12));
  CHECK(result.at("nll").get<double>() == Approx(expected.nll).epsilon(1e-9));
  CHECK(result.at("brier").get<double>() == Approx(expected.brier).epsilon(1e-9));
  CHECK(result.at("ece").get<double>() == Approx(expected.ece).epsilon(1e-9));
  CHECK(result.at("predictive_entropy").get<double>() == Approx(expected.predictive).epsilon(1e-9));
  CHECK(result.at("expected_entropy").get<double>() == Approx(expected.expected).epsilon(1e-9));
  CHECK(result.at("mutual_information").get<double>() ==
        Approx(expected.predictive - expected.expected).epsilon(1e-6));
  CHECK(result.at("confusion_matrix") == Json(expected.confusion));
  // The samples differ, or averaging them would show nothing.
  CHECK(result.at("mutual_information").get<double>() > 1e-5);
  for (std::size_t n = 0; n < array.examples; ++n) {
    double sum = 0;
    for (std::size_t k = 0; k < array.classes; ++k) sum += array.at(0, n, k);
    CHECK(sum == Approx(1.0).epsilon(1e-5));
  }
}

TEST_CASE("the option --mean-weights is one pass without noise") {
  const TrainedRun tiny;
  const Json a = eval_json(tiny, {"--mean-weights", "--samples", "9", "--seed", "1"});
  const Json b = eval_json(tiny, {"--mean-weights", "--seed", "2"});
  CHECK(a == b);
  CHECK(a.at("samples") == 1);
  CHECK(a.at("mutual_information").get<double>() == Approx(0.0).margin(1e-12));
  CHECK(a.at("nll") != eval_json(tiny, {}).at("nll"));
}

TEST_CASE("mean weights stand beside the samples, with the numbers of --mean-weights") {
  const TrainedRun tiny;
  const Json beside = eval_json(tiny, {}).at("mean_weights");
  const Json alone = eval_json(tiny, {"--mean-weights"});
  CHECK(beside.size() == 19);
  for (const auto& [key, value] : beside.items()) CHECK(alone.at(key) == value);
  CHECK_FALSE(alone.contains("mean_weights"));
  CHECK_FALSE(alone.contains("samples_sweep"));
  CHECK(tiny.eval({"--mean-weights"}).out.find("one pass with the posterior means") !=
        std::string::npos);
}

TEST_CASE("the sample sweep has the numbers of runs with fewer samples") {
  const TrainedRun tiny;
  const Json result = eval_json(tiny, {"--samples", "6"});
  std::vector<int> samples;
  for (const Json& point : result.at("samples_sweep")) {
    samples.push_back(point.at("samples").get<int>());
    const Json other = eval_json(tiny, {"--samples", std::to_string(samples.back())});
    for (const auto& [key, value] : point.items()) CHECK(other.at(key) == value);
  }
  CHECK(samples == std::vector<int>{1, 2, 4, 6});
  // One sample is no sweep, but the mean weights still stand beside it.
  const Json one = eval_json(tiny, {"--samples", "1"});
  CHECK_FALSE(one.contains("samples_sweep"));
  CHECK(one.contains("mean_weights"));
}

TEST_CASE(
    "the option --bootstrap gives intervals that --threads and --seed leave alone, and 0 gives "
    "none") {
  const TrainedRun tiny;
  const Json result = eval_json(tiny, {"--bootstrap", "200"});
  std::map<std::string, Json> flat;
  for (const auto& [place, value] : bnn::testing::flattened(result.at("intervals"))) {
    flat[place] = value;
  }
  std::size_t intervals = 0;
  for (const auto& [place, lower] : flat) {
    if (!place.ends_with("/0") || !flat.contains(place.substr(0, place.size() - 1) + "1")) continue;
    CAPTURE(place);
    CHECK(lower.get<double>() <= flat.at(place.substr(0, place.size() - 1) + "1").get<double>());
    ++intervals;
  }
  CHECK(intervals > 11 + 3 + 6);
  const Json& accuracy = result.at("intervals").at("accuracy");
  CHECK(accuracy.at(0).get<double>() < result.at("accuracy").get<double>());
  CHECK(accuracy.at(1).get<double>() > result.at("accuracy").get<double>());
  CHECK(result.at("intervals") != eval_json(tiny, {}).at("intervals"));
  CHECK_FALSE(eval_json(tiny, {"--bootstrap", "0"}).contains("intervals"));
  CHECK(tiny.eval({"--bootstrap", "0"}).out.find("interval") == std::string::npos);
  for (const char* count : {"-1", "x", "100001"}) {
    check_failure(tiny.eval({"--bootstrap", count}), "bnn-eval", 2, "--bootstrap");
  }
}

TEST_CASE("a network without noise is run once") {
  Json config = tiny_config();
  config["model"]["layers"][0]["type"] = "conv2d";
  config["model"]["layers"][3]["type"] = "dense";
  const TrainedRun tiny(config);
  const Json result = eval_json(tiny, {"--samples", "9", "--save-samples", "samples.npy"});
  CHECK(result.at("samples") == 1);
  CHECK(parse_npy(tiny.read("samples.npy")).samples == 1);
  CHECK(result.at("mutual_information") == 0.0);
  CHECK_FALSE(result.contains("mean_weights"));
  CHECK_FALSE(result.contains("samples_sweep"));
  CHECK(result == eval_json(tiny, {"--mean-weights"}));
  CHECK(tiny.eval({}).out.find("It has no noise") != std::string::npos);
  CHECK(json_lines(tiny.read("run/metrics.jsonl")).back().at("samples") == 1);
}

TEST_CASE(
    "the option --seed names the samples, and threads, format and repetition change nothing") {
  const TrainedRun tiny;
  const ProgramRun reference = tiny.eval({"--format", "json", "--threads", "1"});
  for (const char* threads : {"1", "2", "3", "5"}) {
    CHECK(tiny.eval({"--format", "json", "--threads", threads}).out == reference.out);
  }
  // The run's own seed is the default.
  CHECK(tiny.eval({"--format", "json", "--seed", "7"}).out == reference.out);
  CHECK(tiny.eval({"--format", "json", "--seed", "8"}).out != reference.out);
}

TEST_CASE("bnn-eval finds data by the run folder, by --data or by --files") {
  const TrainedRun tiny;
  const Json reference = eval_json(tiny, {});
  const Words json = {"--format", "json"};
  const ProgramRun elsewhere =
      run_program("bnn-eval", {tiny.last(), "--format", "json"}, {.directory = "/"});
  CHECK(bnn::testing::parsed(elsewhere.out) == reference);
  // A checkpoint that left its folder does not say where the data were.
  std::filesystem::copy_file(tiny.last(), tiny.file("alone.safetensors"));
  const auto alone = [&](Words arguments) {
    arguments.insert(arguments.begin(), tiny.file("alone.safetensors"));
    arguments.insert(arguments.end(), {"--format", "json"});
    return run_program("bnn-eval", arguments, {.directory = "/"});
  };
  check_failure(alone({}), "bnn-eval", 2, "--data");
  CHECK(bnn::testing::parsed(alone({"--data", tiny.path()}).out) == reference);
  const Words files = {"--files", tiny.file("test-images"), tiny.file("test-labels")};
  CHECK(bnn::testing::parsed(alone(files).out) == reference);
  check_failure(alone({"--files", tiny.file("test-images")}), "bnn-eval", 2, "two files");
  // --data goes before what the run folder records.
  const TinyRun empty;
  std::filesystem::remove(empty.file("test-images"));
  check_failure(tiny.eval({"--data", empty.path()}), "bnn-eval", 4, "test-images");
}

TEST_CASE("the option --split evaluates the examples that the run held out or trained on") {
  const TrainedRun tiny;
  CHECK(eval_json(tiny, {"--split", "test"}) == eval_json(tiny, {}));
  CHECK(eval_json(tiny, {"--split", "train"}).at("examples") == kTinyTrainExamples);
  const Json validation = eval_json(tiny, {"--split", "validation", "--samples", "3"});
  CHECK(validation.at("examples") == kTinyValidationExamples);
  // The run itself evaluated the same weights, examples and samples after its last epoch.
  const Json logged = json_lines(tiny.read("run/metrics.jsonl")).back();
  REQUIRE(logged.at("event") == "validation");
  for (const char* key : {"nll", "accuracy", "ece", "brier", "mutual_information"}) {
    CAPTURE(key);
    CHECK(validation.at(key) == logged.at(key));
  }
  const TrainedRun without(tiny_config(), {"--set", "data.validation=0"});
  check_failure(without.eval({"--split", "validation"}), "bnn-eval", 2, "validation");
}

TEST_CASE("the option --products counts for the pass with the mean weights") {
  const TrainedRun tiny;
  const auto nll = [&](const char* products) {
    const Json both = eval_json(tiny, {"--products", products});
    const Json alone = eval_json(tiny, {"--products", products, "--mean-weights"});
    CHECK(both.at("mean_weights").at("nll") == alone.at("nll"));
    return alone.at("nll");
  };
  CHECK(nll("own") != nll("openblas"));
}

TEST_CASE("an ensemble on images that a member was trained on is warned of") {
  const TrainedRun tiny;
  REQUIRE(tiny.train({"--out", "same", "--epochs", "1"}).exit_code == 0);
  REQUIRE(tiny.train({"--out", "other", "--epochs", "1", "--seed", "9"}).exit_code == 0);
  const auto warning = [&](const std::string& member, const std::string& split) {
    const ProgramRun run = tiny.eval({member, "--split", split});
    REQUIRE(run.exit_code == 0);
    return run.err.find("may flatter the ensemble") != std::string::npos;
  };
  CHECK(warning(tiny.last("other"), "validation"));
  CHECK_FALSE(warning(tiny.last("same"), "validation"));
  CHECK_FALSE(warning(tiny.last("other"), "test"));
}

TEST_CASE("file names in a checkpoint that lead out of the data directory are refused") {
  for (const std::string& name :
       {std::string("../test-images"), std::string("sub/../../test-images"),
        std::string("/etc/hostname"), std::string("..")}) {
    CAPTURE(name);
    Json config = tiny_config();
    config["data"]["test"]["images"] = name;
    const TrainedRun tiny(config, {"--max-steps", "0"});
    for (const Words& where : {Words{}, Words{"--data", "."}}) {
      check_failure(tiny.eval(where), "bnn-eval", 5, "leads out");
    }
    CHECK(tiny.eval({"--files", "test-images", "test-labels"}).exit_code == 0);
  }
}

TEST_CASE("the text report goes to stdout and shows the same numbers") {
  const TrainedRun tiny;
  const Json numbers = eval_json(tiny, {});
  const ProgramRun report = tiny.eval({});
  CHECK(report.exit_code == 0);
  CHECK(report.err.empty());
  for (const char* key : {"accuracy", "nll", "brier", "ece", "mce", "aurc"}) {
    char expected[64];
    std::snprintf(expected, sizeof expected, "%.4f", numbers.at(key).get<double>());
    const std::vector<std::string> lines = lines_of(report.out);
    CAPTURE(key, expected);
    CHECK(std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
      return line.find(std::string(" ") + key + " ") != std::string::npos &&
             line.find(expected) != std::string::npos;
    }));
  }
}

TEST_CASE("the option --ood compares with a second set of images") {
  const TrainedRun tiny;
  const Json same = eval_json(tiny, {"--ood", "test-images"});
  for (const char* score :
       {"predictive_entropy", "expected_entropy", "mutual_information", "max_probability"}) {
    CAPTURE(score);
    CHECK(keys_of(same.at("ood").at(score)) ==
          std::vector<std::string>{"auroc", "aupr", "fpr95", "aupr_in"});
    // The same images on both sides: every score is tied with itself.
    CHECK(same.at("ood").at(score).at("auroc").get<double>() == Approx(0.5));
  }
}

TEST_CASE("bnn-eval that cannot write its report exits with 6") {
  const TrainedRun tiny;
  ProgramOptions options;
  options.output = StreamEnd::full_device;
  check_failure(tiny.eval({}, options), "bnn-eval", 6, "standard output");
  options.output = StreamEnd::broken_pipe;
  const ProgramRun unread = tiny.eval({}, options);
  CHECK(unread.exit_code == 141);
  CHECK(unread.err.empty());
  options.output = StreamEnd::closed;
  CHECK(tiny.eval({}, options).exit_code == 0);
  const std::vector<std::string> before = tiny.tree();
  check_failure(tiny.eval({"--save-samples", "missing/samples.npy"}), "bnn-eval", 6, "missing");
  check_failure(tiny.eval({"--save-samples", "x.npy", "--files", "test-images", "nothing"}),
                "bnn-eval", 4, "nothing");
  CHECK(tiny.tree() == before);
}

}  // namespace bnn::testing
