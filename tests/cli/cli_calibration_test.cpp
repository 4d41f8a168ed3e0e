// --fit-calibration, --temperature and --conformal as a user runs them: numbers against those of
// the probabilities that the programs print, and calibrations that must be refused.

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <catch2/catch.hpp>

#include "support/data_files.h"
#include "support/json_document.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

const char* const kFile = "run/checkpoints/last.safetensors.calibration.json";

Json json_of(const ProgramRun& run) {
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  // All that may be said: a tiny run holds out few images, and numbers of the images that the
  // calibration was fitted to flatter it.
  for (const std::string& line : lines_of(run.err)) {
    CAPTURE(line);
    CHECK((line.find("held out only") != std::string::npos ||
           line.find("flatter") != std::string::npos));
  }
  return bnn::testing::parsed(run.out);
}

Json fit(const TinyRun& tiny, Words arguments = {}) {
  arguments.insert(arguments.end(), {"--fit-calibration", "--format", "json"});
  return json_of(tiny.eval(arguments));
}

Json eval_json(const TinyRun& tiny, Words arguments) {
  arguments.insert(arguments.end(), {"--format", "json"});
  return json_of(tiny.eval(arguments));
}

// A run whose configuration has a wide validation split, so that its calibration says something.
Json calibrated_config() {
  Json config = tiny_cifar_config();
  config["data"]["validation"] = 30;
  return config;
}

std::vector<double> probabilities_of(const Json& line) {
  return line.at("probabilities").get<std::vector<double>>();
}

// The classes ranked before each class hold this much probability.
std::vector<double> mass_before(const std::vector<double>& p) {
  std::vector<double> before(p.size(), 0.0);
  for (std::size_t k = 0; k < p.size(); ++k) {
    for (std::size_t other = 0; other < p.size(); ++other) {
      const bool ahead = p[other] > p[k] || (p[other] == p[k] && other < k);
      if (ahead) before[k] += p[other];
    }
  }
  return before;
}

}  // namespace

TEST_CASE("the option --fit-calibration says and stores what it fitted on the held-out images") {
  const TrainedRun tiny;
  const std::vector<std::string> before = tiny.tree();
  const Json result = fit(tiny);
  CHECK(keys_of(result) == Words{"file", "examples", "samples", "temperature", "nll_before",
                                 "nll_after", "ece_before", "ece_after"});
  CHECK(result.at("file") == tiny.last() + ".calibration.json");
  CHECK(result.at("examples") == kTinyValidationExamples);
  CHECK(result.at("samples") == 4);
  CHECK(result.at("nll_after").get<double>() <= result.at("nll_before").get<double>());
  std::vector<std::string> expected = before;
  expected.push_back(kFile);
  std::sort(expected.begin(), expected.end());
  CHECK(tiny.tree() == expected);

  const Json stored = bnn::testing::parsed(tiny.read(kFile));
  CHECK(keys_of(stored) == Words{"format", "format_version", "checkpoint", "samples",
                                 "mean_weights", "seed", "examples", "classes", "temperature",
                                 "nll_before", "nll_after", "ece_before", "ece_after", "scores",
                                 "scaled_scores", "digest"});
  CHECK(stored.at("temperature") == result.at("temperature"));
  CHECK(stored.at("seed") == 7);
  for (const char* list : {"scores", "scaled_scores"}) {
    for (const char* score : {"lac", "aps", "raps"}) {
      const auto scores = stored.at(list).at(score).get<std::vector<double>>();
      CHECK(scores.size() == kTinyValidationExamples);
      CHECK(std::is_sorted(scores.begin(), scores.end()));
    }
  }

  // What an evaluation of the same images finds, without and with the temperature.
  const Json plain = eval_json(tiny, {"--split", "validation"});
  CHECK(plain.at("nll").get<double>() == Approx(result.at("nll_before").get<double>()));
  CHECK(plain.at("ece").get<double>() == Approx(result.at("ece_before").get<double>()));
  CHECK_FALSE(plain.contains("temperature"));
  const Json scaled = eval_json(tiny, {"--split", "validation", "--temperature"});
  CHECK(scaled.at("temperature") == result.at("temperature"));
  CHECK(scaled.at("nll").get<double>() == Approx(result.at("nll_after").get<double>()));
  CHECK(scaled.at("ece").get<double>() == Approx(result.at("ece_after").get<double>()));
  CHECK(scaled.at("accuracy") == plain.at("accuracy"));
  CHECK(scaled.at("predictive_entropy").get<double>() ==
        Approx(scaled.at("expected_entropy").get<double>() +
               scaled.at("mutual_information").get<double>()));
}

TEST_CASE(
    "the option --fit-calibration does not look at test images and depends on no thread count") {
  const TrainedRun tiny;
  fit(tiny, {"--threads", "1"});
  const std::string reference = tiny.read(kFile);
  std::filesystem::remove(tiny.file("test-images"));
  std::filesystem::remove(tiny.file("test-labels"));
  fit(tiny, {"--threads", "3"});
  CHECK(tiny.read(kFile) == reference);
  const ProgramRun text = tiny.eval({"--fit-calibration"});
  CHECK(text.exit_code == 0);
  for (const char* part : {"12 examples", "temperature", "nll", "ece", kFile}) {
    CAPTURE(part);
    CHECK(text.out.find(part) != std::string::npos);
  }
}

TEST_CASE("the option --fit-calibration warns of fewer than 100 held-out images") {
  for (const int held_out : {99, 100}) {
    CAPTURE(held_out);
    Json config = tiny_cifar_config();
    config["data"]["validation"] = held_out;
    const TinyRun tiny(config);
    write_text(tiny.file("train.bin"), cifar_records(130, kTinyTrainPattern));
    REQUIRE(tiny.train({"--out", "run", "--max-steps", "1"}).exit_code == 0);
    const ProgramRun run = tiny.eval({"--fit-calibration"});
    CHECK(run.exit_code == 0);
    if (held_out < 100) {
      CHECK(run.err.starts_with("warning: the run held out only 99 examples: "));
    } else {
      CHECK(run.err.find("held out only") == std::string::npos);
    }
  }
}

TEST_CASE("files that cannot be written are refused before images are read") {
  const TrainedRun tiny;
  std::filesystem::remove(tiny.file("train-images"));
  std::filesystem::remove(tiny.file("test-images"));
  for (const char* kind : {"calibration.json", "features.safetensors"}) {
    std::filesystem::create_directory(tiny.last() + "." + kind);
  }
  std::filesystem::create_directory(tiny.file("folder"));
  const Words cases[] = {{"--fit-calibration"},
                         {"--fit-features"},
                         {"--save-samples", "folder"},
                         {"--report", "folder"},
                         {"--part", "1/2", "--output", "folder"}};
  for (const Words& words : cases) {
    CAPTURE(words);
    check_failure(tiny.eval(words), "bnn-eval", 6, "cannot write: not a regular file");
  }
}

TEST_CASE("the option --temperature scales what bnn-predict prints") {
  const TrainedRun tiny(calibrated_config());
  const double temperature = fit(tiny).at("temperature").get<double>();
  REQUIRE(std::abs(temperature - 1) > 0.01);  // or nothing would show
  const std::vector<Json> plain = json_lines(tiny.predict({"test.bin"}).out);
  const std::vector<Json> scaled = json_lines(tiny.predict({"test.bin", "--temperature"}).out);
  REQUIRE(scaled.size() == plain.size());
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const std::vector<double> p = probabilities_of(plain[i]), q = probabilities_of(scaled[i]);
    double sum = 0;
    for (const double value : p) sum += std::pow(value, 1 / temperature);
    for (std::size_t k = 0; k < p.size(); ++k) {
      CHECK(q[k] == Approx(std::pow(p[k], 1 / temperature) / sum));
    }
    CHECK(scaled[i].at("predicted") == plain[i].at("predicted"));
    CHECK(keys_of(scaled[i]) == keys_of(plain[i]));
  }
  // Samples are stored as the network gave them.
  REQUIRE(tiny.predict({"test.bin", "--save-samples", "plain.npy"}).exit_code == 0);
  REQUIRE(tiny.predict({"test.bin", "--temperature", "--save-samples", "scaled.npy"}).exit_code ==
          0);
  CHECK(tiny.read("plain.npy") == tiny.read("scaled.npy"));
}

TEST_CASE("the option --conformal adds to each prediction the set that the stored scores ask for") {
  const TrainedRun tiny(calibrated_config());
  fit(tiny);
  const Json stored = bnn::testing::parsed(tiny.read(kFile));
  for (const bool scaled : {false, true}) {
    for (const std::string score : {"lac", "aps", "raps"}) {
      CAPTURE(scaled, score);
      Words words = {"test.bin", "--conformal", "0.7", "--conformal-score", score};
      if (scaled) words.push_back("--temperature");
      const ProgramRun run = tiny.predict(words);
      CHECK(run.err.empty());
      const auto scores =
          stored.at(scaled ? "scaled_scores" : "scores").at(score).get<std::vector<double>>();
      const double threshold = scores.at(21);  // rank ceil(31 * 0.7) = 22 of 30
      std::size_t covered = 0, classes = 0;
      const std::vector<Json> lines = json_lines(run.out);
      for (const Json& line : lines) {
        const std::vector<double> p = probabilities_of(line);
        const std::vector<double> before = mass_before(p);
        const Json& set = line.at("prediction_set");
        for (std::size_t k = 0; k < p.size(); ++k) {
          const bool inside = std::find(set.begin(), set.end(), Json(k)) != set.end();
          const auto more = static_cast<double>(
              std::count_if(p.begin(), p.end(), [&](double other) { return other > p[k]; }));
          const double penalty = score == "raps" ? 0.01 * std::max(more - 1, 0.0) : 0.0;
          CHECK(inside == ((score == "lac" ? 1 - p[k] : before[k] + penalty) <= threshold + 1e-12));
        }
        for (std::size_t j = 1; j < set.size(); ++j) {
          CHECK(p[set[j].get<std::size_t>()] <= p[set[j - 1].get<std::size_t>()]);
        }
        classes += set.size();
        covered += std::find(set.begin(), set.end(), line.at("label")) != set.end();
      }
      words[0] = "--quiet";  // the same options without the input
      const Json found = eval_json(tiny, words).at("conformal");
      CHECK(keys_of(found) == Words{"score", "target", "threshold", "calibration_examples",
                                    "coverage", "mean_size", "size_counts", "size_covered",
                                    "class_coverage"});
      CHECK(found.at("score") == score);
      CHECK(found.at("target") == 0.7);
      CHECK(found.at("threshold") == threshold);
      CHECK(found.at("calibration_examples") == 30);
      const auto total = static_cast<double>(lines.size());
      CHECK(found.at("coverage").get<double>() == Approx(static_cast<double>(covered) / total));
      CHECK(found.at("mean_size").get<double>() == Approx(static_cast<double>(classes) / total));
      CHECK(found.at("size_counts").size() == 11);
      CHECK(found.at("class_coverage").size() == 10);
    }
  }
}

TEST_CASE("a coverage that needs more calibration examples gives sets of all classes") {
  const TrainedRun tiny;
  fit(tiny);
  const ProgramRun run = tiny.predict({"test-images", "--conformal", "0.95"});  // rank 13 of 12
  for (const Json& line : json_lines(run.out)) CHECK(line.at("prediction_set").size() == 10);
  CHECK(eval_json(tiny, {"--conformal", "0.95"}).at("conformal").at("threshold").is_null());
  const ProgramRun text = tiny.eval({"--conformal", "0.95"});
  CHECK(text.out.find("every set holds every class") != std::string::npos);
  CHECK(text.out.find("coverage") != std::string::npos);
}

TEST_CASE("prediction sets name classes, in CSV separated by semicolons") {
  Json config = calibrated_config();
  config["data"]["class_names"] = {"a", "b", "c", "d, or so", "e", "f", "g", "h", "i", "j"};
  const TrainedRun tiny(config);
  fit(tiny);
  const Words words = {"test.bin", "--conformal", "0.9"};
  const std::vector<Json> lines = json_lines(tiny.predict(words).out);
  Words csv_words = words;
  csv_words.insert(csv_words.end(), {"--format", "csv", "--top-k", "1"});
  const std::vector<std::string> rows = lines_of(tiny.predict(csv_words).out);
  REQUIRE(rows.size() == lines.size() + 1);
  CHECK(rows[0].ends_with(",top_1,top_1_probability,prediction_set,energy,max_logit"));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string joined;
    for (const Json& name : lines[i].at("prediction_set")) {
      if (!joined.empty()) joined += ';';
      joined += name.get<std::string>();
    }
    if (joined.find(',') != std::string::npos) joined.insert(0, 1, '"').push_back('"');
    std::string row = rows[i + 1];
    CAPTURE(row);
    for (int score = 0; score < 2; ++score) row.erase(row.rfind(','));
    CHECK(row.ends_with("," + joined));
  }
}

TEST_CASE("without a calibration --temperature and --conformal say how to make one") {
  const TrainedRun tiny;
  const std::vector<std::string> before = tiny.tree();
  for (const Words& words : {Words{"--temperature"}, Words{"--conformal", "0.9"}}) {
    check_failure(tiny.eval(words), "bnn-eval", 2, "--fit-calibration");
    Words predict = words;
    predict.insert(predict.begin(), "test-images");
    check_failure(tiny.predict(predict), "bnn-predict", 2, "--fit-calibration");
  }
  CHECK(tiny.tree() == before);
}

TEST_CASE("a calibration of other weights is refused") {
  const TrainedRun tiny;
  fit(tiny);
  REQUIRE(eval_json(tiny, {"--temperature"}).contains("temperature"));
  const std::string stored = tiny.read(kFile);
  // The same run, trained further.
  REQUIRE(tiny.train({"--out", "run", "--resume", "--epochs", "3"}).exit_code == 0);
  check_failure(tiny.eval({"--temperature"}), "bnn-eval", 5, "other weights");
  check_failure(tiny.predict({"test-images", "--conformal", "0.9"}), "bnn-predict", 5,
                "other weights");
  CHECK(tiny.eval({}).exit_code == 0);
  fit(tiny);
  CHECK(tiny.eval({"--temperature"}).exit_code == 0);
  CHECK(tiny.read(kFile) != stored);
  // A new run in the same folder.
  REQUIRE(tiny.train({"--out", "run", "--overwrite"}).exit_code == 0);
  CHECK_FALSE(std::filesystem::exists(tiny.file(kFile)));
}

TEST_CASE("a damaged calibration is refused") {
  const TrainedRun tiny;
  fit(tiny);
  const std::string stored = tiny.read(kFile);
  const auto check_refused = [&](const std::string& text, const std::string& part) {
    write_text(tiny.file(kFile), text);
    check_failure(tiny.eval({"--temperature"}), "bnn-eval", 5, part);
  };
  check_refused("", "");
  check_refused("{}", "digest");
  check_refused("[1]", "digest");
  check_refused(stored.substr(0, stored.size() / 2), "");
  check_refused(stored + stored, "");
  check_refused(std::string(100000, '['), "");
  // Each digit of the text says something.
  for (std::size_t at = 40; at < stored.size(); at += stored.size() / 11) {
    const std::size_t digit = stored.find_first_of("0123456789", at);
    if (digit == std::string::npos) continue;
    std::string changed = stored;
    changed[digit] = changed[digit] == '4' ? '5' : '4';
    CAPTURE(digit);
    check_refused(changed, "calibration.json");
  }
  std::filesystem::remove(tiny.file(kFile));
  std::filesystem::create_directory(tiny.file(kFile));
  check_failure(tiny.eval({"--temperature"}), "bnn-eval", 5, "calibration.json");
}

TEST_CASE("a calibration is used as it was fitted") {
  const TrainedRun tiny;
  fit(tiny);
  check_failure(tiny.eval({"--temperature", "--mean-weights"}), "bnn-eval", 2, "without");
  const ProgramRun other = tiny.eval({"--temperature", "--samples", "3"});
  CHECK(other.exit_code == 0);
  CHECK(other.err.find("fitted to 4 samples") != std::string::npos);
  fit(tiny, {"--mean-weights"});
  check_failure(tiny.eval({"--temperature"}), "bnn-eval", 2, "--mean-weights");
  CHECK(tiny.eval({"--temperature", "--mean-weights"}).err.empty());
}

TEST_CASE("options of calibration that make no sense are refused") {
  const TrainedRun tiny;
  const std::vector<std::string> before = tiny.tree();
  for (const char* coverage : {"0", "1", "-0.5", "1.5", "nan", "inf", "x", "90%", "0.9x", ""}) {
    CAPTURE(coverage);
    check_failure(tiny.eval({"--conformal", coverage}), "bnn-eval", 2);
    check_failure(tiny.predict({"test-images", "--conformal", coverage}), "bnn-predict", 2);
  }
  check_failure(tiny.eval({"--conformal-score", "aps"}), "bnn-eval", 2, "--conformal");
  check_failure(tiny.eval({"--conformal", "0.9", "--conformal-score", "naps"}), "bnn-eval", 2);
  check_failure(tiny.eval({"--fit-calibration", "--split", "test"}), "bnn-eval", 2);
  check_failure(tiny.eval({"--fit-calibration", "--files", "test-images", "test-labels"}),
                "bnn-eval", 2);
  check_failure(tiny.eval({"--fit-calibration", "--temperature"}), "bnn-eval", 2);
  CHECK(tiny.tree() == before);
  const TrainedRun without(tiny_config(), {"--set", "data.validation=0"});
  check_failure(without.eval({"--fit-calibration"}), "bnn-eval", 2, "validation");
}

}  // namespace bnn::testing
