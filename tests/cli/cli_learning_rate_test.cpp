// bnn-train --find-learning-rate as a user runs it.

#include <algorithm>
#include <cmath>
#include <sstream>
#include <utility>

#include <catch2/catch.hpp>

#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

struct CsvPoint {
  double rate, nll;
};

std::vector<CsvPoint> points_of(const std::string& csv) {
  std::vector<CsvPoint> points;
  const std::vector<std::string> lines = lines_of(csv);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    std::istringstream line(lines[i]);
    std::string step, rate, nll;
    std::getline(line, step, ',');
    std::getline(line, rate, ',');
    std::getline(line, nll, ',');
    CHECK(step == std::to_string(i));
    points.push_back({std::stod(rate), std::stod(nll)});
  }
  return points;
}

ProgramRun find(const TinyRun& tiny, const std::string& out, Words more) {
  Words words = {"--out", out, "--find-learning-rate"};
  words.insert(words.end(), more.begin(), more.end());
  return tiny.train(words);
}

}  // namespace

TEST_CASE("a search for a learning rate writes a page and a table, and prints one sentence") {
  const TinyRun tiny;
  std::vector<std::string> expected = tiny.tree();
  const ProgramRun run = find(tiny, "run", {"--max-steps", "40"});
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  CHECK(lines_of(run.out).size() == 1);
  CHECK(run.out.find("earning rate") != std::string::npos);
  for (const char* name : {"run/", "run/learning_rate.csv", "run/learning_rate.html"}) {
    expected.push_back(name);
  }
  std::sort(expected.begin(), expected.end());
  CHECK(tiny.tree() == expected);
  const std::vector<CsvPoint> points = points_of(tiny.read("run/learning_rate.csv"));
  REQUIRE((points.size() > 10 && points.size() <= 40));
  CHECK(points[0].rate == 1e-6);
  CHECK(points[1].rate / points[0].rate == Approx(std::pow(1e7, 1.0 / 39)));
  // The folder is free for the run itself.
  CHECK(tiny.train({"--out", "run"}).exit_code == 0);
}

TEST_CASE("a search takes the steps of training, at its own rates") {
  // One epoch at a constant rate, found and trained.
  Json config = tiny_config();
  config["training"]["optimizer"]["learning_rate"] = 0.01;
  config["training"]["label_smoothing"] = 0.1;
  const TinyRun tiny(config);
  REQUIRE(find(tiny, "found",
               {"--rates", "0.01:0.01000000001", "--max-steps", "20", "--set",
                "training.optimizer.learning_rate=0.5"})
              .exit_code == 0);
  REQUIRE(tiny.train({"--out", "run", "--epochs", "1"}).exit_code == 0);
  const std::vector<CsvPoint> points = points_of(tiny.read("found/learning_rate.csv"));
  REQUIRE(points.size() == 20);
  double nll = 0;
  for (std::size_t i = 0; i < 5; ++i) nll += points[i].nll * (i == 4 ? 8 : 10) / 48;
  CHECK(json_lines(tiny.read("run/metrics.jsonl"))[0].at("nll").get<double>() ==
        Approx(nll).epsilon(1e-5));
}

TEST_CASE("a search leaves a trained run as it was, and does not depend on threads") {
  const TrainedRun tiny;
  const std::string last = read_bytes(tiny.last()), metrics = tiny.read("run/metrics.jsonl");
  REQUIRE(find(tiny, "run", {"--init-from", "run/checkpoints/last.safetensors"}).exit_code == 0);
  CHECK(read_bytes(tiny.last()) == last);
  CHECK(tiny.read("run/metrics.jsonl") == metrics);
  for (const auto& [out, threads] : {std::pair<std::string, std::string>{"a", "1"}, {"b", "3"}}) {
    const ProgramRun run = tiny.train_raw(
        {"--config", "tiny.json", "--out", out, "--threads", threads, "--find-learning-rate"});
    REQUIRE(run.exit_code == 0);
  }
  CHECK(tiny.read("a/learning_rate.csv") == tiny.read("b/learning_rate.csv"));
  CHECK(tiny.read("a/learning_rate.csv") != tiny.read("run/learning_rate.csv"));
}

TEST_CASE("a search refuses what does not go with it") {
  const TinyRun tiny;
  const auto refused = [&](const Words& more, const std::string& part) {
    check_failure(find(tiny, "run", more), "bnn-train", 2, part);
  };
  refused({"--overwrite"},
          "--find-learning-rate keeps no weights and does not go with --overwrite");
  refused({"--resume-or-start"}, "does not go with --resume-or-start");
  refused({"--max-steps", "19"}, "takes 20 to 1000000 steps, found 19");
  for (const std::string rates :
       {"1", "1:", ":1", "2:1", "1:1", "0:1", "-1:1", "1:1e7", "1:2x", "nan:1", "1:inf"}) {
    refused(
        {"--rates", rates},
        "--rates: expected LOW:HIGH, the lower rate first, as 1e-6:10, from 1e-30 to 1e6, found " +
            rates);
  }
  check_failure(tiny.train({"--out", "run", "--rates", "1:2"}), "bnn-train", 2,
                "--find-learning-rate");
}

TEST_CASE("a search that could not write its page ends before the first step") {
  const TinyRun tiny;
  std::filesystem::create_directories(tiny.file("run/learning_rate.html"));
  const ProgramRun run = find(tiny, "run", {"--max-steps", "1000000"});
  check_failure(run, "bnn-train", 6, "learning_rate.html: cannot write: not a regular file");
  CHECK_FALSE(std::filesystem::exists(tiny.file("run/learning_rate.csv")));
}

}  // namespace bnn::testing
