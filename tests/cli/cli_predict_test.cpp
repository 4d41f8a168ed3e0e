// bnn-predict as a user runs it: one line an image, its keys and columns, numbers that depend on
// the image and its file alone, and output that is whole or absent.

#include <cmath>
#include <filesystem>
#include <map>
#include <sstream>

#include <catch2/catch.hpp>

#include "support/data_files.h"
#include "support/image_files.h"
#include "support/npy_array.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

const std::vector<std::string> kNames = {"zero", "one", "two",   "three, or so", "four",
                                         "five", "six", "seven", "eight \"8\"",  "nine"};

// Records with labels and names of classes.
Json named_config() {
  Json config = tiny_cifar_config();
  config["data"]["class_names"] = kNames;
  return config;
}

std::vector<Json> predictions(const TinyRun& tiny, const Words& arguments,
                              const ProgramOptions& options = {}) {
  const ProgramRun run = tiny.predict(arguments, options);
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  CHECK(run.err.empty());
  return json_lines(run.out);
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
      continue;
    }
    cells.back() += c;
  }
  return cells;
}

}  // namespace

TEST_CASE("bnn-predict writes one object an image with the keys of the contract") {
  const TrainedRun tiny(named_config());
  const std::vector<Json> lines = predictions(tiny, {"test.bin"});
  REQUIRE(lines.size() == kTinyTestExamples);
  const std::vector<std::string> keys = {"index",
                                         "input",
                                         "label",
                                         "predicted",
                                         "class",
                                         "confidence",
                                         "probabilities",
                                         "probabilities_std",
                                         "predictive_entropy",
                                         "expected_entropy",
                                         "mutual_information",
                                         "variation_ratio",
                                         "abstain",
                                         "energy",
                                         "max_logit"};
  for (int i = 0; i < kTinyTestExamples; ++i) {
    const Json& line = lines[static_cast<std::size_t>(i)];
    CHECK(keys_of(line) == keys);
    CHECK(line.at("index") == i);
    CHECK(line.at("input") == "test.bin#" + std::to_string(i));
    CHECK(line.at("label") == pattern_label(i, kTinyTestPattern));
    CHECK(line.at("class") == kNames[line.at("predicted").get<std::size_t>()]);
    CHECK(line.at("abstain").is_null());
  }
}

TEST_CASE("the numbers of a prediction are those of the samples that it saves") {
  const TrainedRun tiny(named_config());
  const std::vector<Json> lines =
      predictions(tiny, {"test.bin", "--samples", "5", "--save-samples", "samples.npy"});
  const NpyArray array = parse_npy(tiny.read("samples.npy"));
  REQUIRE(array.samples == 5);
  REQUIRE(array.examples == lines.size());
  for (std::size_t n = 0; n < lines.size(); ++n) {
    const Json& line = lines[n];
    double total = 0, entropy = 0, expected = 0, best = 0;
    for (std::size_t k = 0; k < 10; ++k) {
      const double p = array.mean(n, k);
      double variance = 0;
      for (std::size_t s = 0; s < 5; ++s) {
        variance += std::pow(array.at(s, n, k) - p, 2) / 5;
        expected -= array.at(s, n, k) * std::log(array.at(s, n, k)) / 5;
      }
      CHECK(line.at("probabilities")[k].get<double>() == Approx(p).epsilon(1e-9));
      CHECK(line.at("probabilities_std")[k].get<double>() ==
            Approx(std::sqrt(variance)).epsilon(1e-6).margin(1e-12));
      total += p;
      entropy -= p * std::log(p);
      best = std::max(best, p);
    }
    CHECK(total == Approx(1.0).epsilon(1e-5));
    CHECK(line.at("confidence").get<double>() == Approx(best).epsilon(1e-9));
    CHECK(line.at("predictive_entropy").get<double>() == Approx(entropy).epsilon(1e-9));
    CHECK(line.at("expected_entropy").get<double>() == Approx(expected).epsilon(1e-9));
    CHECK(line.at("mutual_information").get<double>() == Approx(entropy - expected).margin(1e-9));
  }
}

TEST_CASE("labels and class names are there only where they are known") {
  const TrainedRun unnamed(tiny_cifar_config());
  const Json with_label = predictions(unnamed, {"test.bin"})[0];
  CHECK(with_label.contains("label"));
  CHECK_FALSE(with_label.contains("class"));
  const TrainedRun idx;
  const Json without = predictions(idx, {"test-images"})[0];
  CHECK_FALSE(without.contains("label"));
  CHECK(without.at("input") == "test-images#0");
}

TEST_CASE("predictions do not depend on the order of files, on threads or on company") {
  const TrainedRun tiny(named_config());
  const auto by_input = [](const std::vector<Json>& lines) {
    std::map<std::string, std::string> result;
    for (Json line : lines) {
      line.erase("index");
      const std::string input = line.at("input").text();
      result[input] = line.dump();
    }
    return result;
  };
  const std::vector<Json> forward = predictions(tiny, {"test.bin", "train.bin", "--threads", "1"});
  const std::vector<Json> backward = predictions(tiny, {"train.bin", "test.bin", "--threads", "3"});
  REQUIRE(forward.size() == 97);
  CHECK(by_input(forward) == by_input(backward));
  for (std::size_t i = 0; i < forward.size(); ++i) CHECK(forward[i].at("index") == i);
  const std::vector<Json> alone = predictions(tiny, {"test.bin"});
  for (std::size_t i = 0; i < alone.size(); ++i) CHECK(alone[i] == forward[i]);
}

TEST_CASE("a shorter file gives the same numbers to the images that it keeps") {
  const TrainedRun tiny(named_config());
  std::filesystem::create_directory(tiny.file("short"));
  write_text(tiny.file("short/test.bin"), cifar_records(13, kTinyTestPattern));
  const std::vector<Json> all = predictions(tiny, {"test.bin"});
  const std::vector<Json> some = predictions(tiny, {"short/test.bin"});
  REQUIRE(some.size() == 13);
  for (std::size_t i = 0; i < some.size(); ++i) {
    Json expected = all[i];
    expected["input"] = "short/test.bin#" + std::to_string(i);  // the path as given
    CHECK(some[i] == expected);
  }
}

TEST_CASE("a dash reads standard input, through a pipe") {
  const TrainedRun tiny(named_config());
  ProgramOptions options;
  options.input = tiny.read("test.bin");
  const std::vector<Json> piped = predictions(tiny, {"-"}, options);
  std::vector<Json> from_file = predictions(tiny, {"test.bin"});
  REQUIRE(piped.size() == from_file.size());
  for (std::size_t i = 0; i < piped.size(); ++i) {
    from_file[i]["input"] = "-#" + std::to_string(i);
    CHECK(piped[i] == from_file[i]);
  }
  options.input.pop_back();
  check_failure(tiny.predict({"-"}, options), "bnn-predict", 4, "standard input");
  check_failure(tiny.predict({"-"}), "bnn-predict", 4, "standard input");
  ProgramOptions closed;
  closed.close_input = true;
  check_failure(tiny.predict({"-"}, closed), "bnn-predict", 4, "standard input");
}

TEST_CASE("the name of --output chooses the format, if --format does not") {
  const TrainedRun tiny;
  const auto written = [&](const Words& more) {
    Words words = {"test-images"};
    words.insert(words.end(), more.begin(), more.end());
    REQUIRE(tiny.predict(words).exit_code == 0);
    return tiny.read(more[1]);
  };
  CHECK(written({"--output", "a.csv"}) == written({"--output", "b", "--format", "csv"}));
  CHECK(written({"--output", "a.npy"}) == written({"--output", "b", "--format", "npy"}));
  CHECK(written({"--output", "c.csv", "--format", "jsonl"}) == written({"--output", "d.json"}));
}

TEST_CASE("CSV has the same columns with the probabilities spread") {
  const TrainedRun tiny(named_config());
  const ProgramRun run = tiny.predict({"test.bin", "--format", "csv"});
  REQUIRE(run.exit_code == 0);
  const std::vector<std::string> rows = lines_of(run.out);
  const std::vector<Json> lines = predictions(tiny, {"test.bin"});
  REQUIRE(rows.size() == lines.size() + 1);
  std::string header = "index,input,label,predicted,class,confidence";
  for (int k = 0; k < 10; ++k) header += ",p" + std::to_string(k);
  for (int k = 0; k < 10; ++k) header += ",p" + std::to_string(k) + "_std";
  header += ",predictive_entropy,expected_entropy,mutual_information,variation_ratio,abstain";
  header += ",energy,max_logit";
  CHECK(rows[0] == header);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::vector<std::string> cells = cells_of(rows[i + 1]);
    REQUIRE(cells.size() == 33);
    CHECK(cells[0] == std::to_string(i));
    CHECK(cells[2] == std::to_string(lines[i].at("label").get<int>()));
    CHECK(std::stod(cells[5]) == lines[i].at("confidence").get<double>());
    CHECK(std::stod(cells[6 + 9]) == lines[i].at("probabilities")[9].get<double>());
    CHECK(std::stod(cells[26]) == lines[i].at("predictive_entropy").get<double>());
    CHECK(cells[30].empty());
    CHECK(std::stod(cells[31]) == lines[i].at("energy").get<double>());
    CHECK(std::stod(cells[32]) == lines[i].at("max_logit").get<double>());
  }
}

TEST_CASE("the option --top-k lists the best classes and --abstain-above marks uncertain images") {
  const TrainedRun tiny(named_config());
  const std::vector<Json> plain = predictions(tiny, {"test.bin"});
  double threshold = 0;  // the mean, so that some images are above it and some below
  for (const Json& line : plain) {
    threshold += line.at("predictive_entropy").get<double>() / static_cast<double>(plain.size());
  }
  std::ostringstream text;
  text.precision(17);
  text << threshold;
  std::size_t abstained = 0;
  for (const Json& line :
       predictions(tiny, {"test.bin", "--top-k", "3", "--abstain-above", text.str()})) {
    CHECK(line.at("abstain") == (line.at("predictive_entropy").get<double>() > threshold));
    abstained += line.at("abstain").get<bool>();
    REQUIRE(line.at("top_k").size() == 3);
    CHECK(line.at("top_k")[0].at("class") == line.at("class"));
    CHECK(line.at("top_k")[0].at("probability") == line.at("confidence"));
    CHECK(line.at("top_k")[1].at("probability").get<double>() >=
          line.at("top_k")[2].at("probability").get<double>());
  }
  CHECK(abstained > 0);
  CHECK(abstained < plain.size());
}

TEST_CASE("the option --output appears when it is whole, and a failing run leaves what was there") {
  const TrainedRun tiny(named_config());
  const ProgramRun direct = tiny.predict({"test.bin"});
  const ProgramRun to_file = tiny.predict({"test.bin", "--output", "predictions.jsonl"});
  CHECK(to_file.exit_code == 0);
  CHECK(to_file.out.empty());
  CHECK(tiny.read("predictions.jsonl") == direct.out);
  write_text(tiny.file("broken.bin"), cifar_records(3, 0) + "x");
  const std::vector<std::string> before = tiny.tree();
  check_failure(tiny.predict({"test.bin", "broken.bin", "--output", "predictions.jsonl"}),
                "bnn-predict", 4, "broken.bin");
  check_failure(tiny.predict({"test.bin", "broken.bin", "--output", "new.jsonl"}), "bnn-predict", 4,
                "broken.bin");
  check_failure(tiny.predict({"test.bin", "--output", "missing/new.jsonl"}), "bnn-predict", 6,
                "missing");
  check_failure(tiny.predict({"test.bin", "--output", "run"}), "bnn-predict", 6, "run");
  CHECK(tiny.tree() == before);
  CHECK(tiny.read("predictions.jsonl") == direct.out);
}

TEST_CASE("the output - is standard output for text and refused for anything else") {
  const TrainedRun tiny(named_config());
  const std::vector<std::string> before = tiny.tree();
  for (const char* format : {"jsonl", "csv"}) {
    CAPTURE(format);
    const ProgramRun direct = tiny.predict({"test.bin", "--format", format});
    const ProgramRun dash = tiny.predict({"test.bin", "--format", format, "--output", "-"});
    CHECK(dash.exit_code == 0);
    CHECK(dash.out == direct.out);
    CHECK_FALSE(dash.out.empty());
  }
  check_failure(tiny.predict({"test.bin", "--format", "npy", "--output", "-"}), "bnn-predict", 2,
                "--output: expected the name of a file, found -");
  check_failure(tiny.predict({"test.bin", "--save-samples", "-"}), "bnn-predict", 2,
                "--save-samples: expected the name of a file, found -");
  check_failure(tiny.eval({"--save-samples", "-"}), "bnn-eval", 2, "--save-samples: expected");
  check_failure(tiny.eval({"--report", "-"}), "bnn-eval", 2, "--report: expected");
  CHECK(tiny.tree() == before);
}

TEST_CASE("a reader that is gone ends bnn-predict in silence, a full disk with 6") {
  const TrainedRun tiny(named_config());
  ProgramOptions options;
  options.output = StreamEnd::broken_pipe;
  const ProgramRun unread = tiny.predict({"test.bin"}, options);
  CHECK(unread.exit_code == 141);
  CHECK(unread.err.empty());
  options.output = StreamEnd::full_device;
  check_failure(tiny.predict({"test.bin"}, options), "bnn-predict", 6, "standard output");
  options.output = StreamEnd::closed;
  CHECK(tiny.predict({"test.bin"}, options).exit_code == 0);
}

TEST_CASE("the parts of --part, one after the other, are the whole output") {
  const TrainedRun tiny;
  std::filesystem::create_directory(tiny.file("images"));
  for (int i = 0; i < 5; ++i) {
    write_bytes(tiny.file("images/" + std::to_string(i) + ".png"), pattern_png(i, 2));
  }
  for (const std::string format : {"jsonl", "csv"}) {
    const Words inputs = {"images", "test-images", "images/3.png", "--format", format};
    const std::string whole = tiny.predict(inputs).out;
    for (const int parts : {1, 3, 50}) {  // 43 images
      std::string joined;
      for (int k = 1; k <= parts; ++k) {
        Words words = inputs;
        words.insert(words.end(), {"--part", std::to_string(k) + "/" + std::to_string(parts)});
        const ProgramRun run = tiny.predict(words);
        CAPTURE(run.err);
        REQUIRE(run.exit_code == 0);
        joined += run.out;
      }
      CHECK((joined == whole));
    }
  }
  for (const char* wrong : {"0/2", "3/2", "1", "1/", "a/2", "1/2/3", "-1/2"}) {
    check_failure(tiny.predict({"images", "--part", wrong}), "bnn-predict", 2, "--part");
  }
  check_failure(tiny.predict({"images", "--part", "1/2", "--skip-errors"}), "bnn-predict", 2,
                "--part cannot go with");
}

}  // namespace bnn::testing
