// bnn-eval --report as a user runs it.

#include <filesystem>
#include <regex>

#include <catch2/catch.hpp>

#include "bnn/core/display_text.h"
#include "support/data_files.h"
#include "support/image_files.h"
#include "support/json_document.h"
#include "support/markup_check.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

std::string report_of(const TinyRun& tiny, Words arguments) {
  arguments.insert(arguments.end(), {"--report", "report.html"});
  const ProgramRun run = tiny.eval(arguments);
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  return tiny.read("report.html");
}

// The exact numbers of the row of a table whose header begins like this.
std::vector<double> row_numbers(const std::string& page, const std::string& header) {
  const std::size_t begin = page.find("<th scope=\"row\">" + header);
  REQUIRE(begin != std::string::npos);
  const std::string row = page.substr(begin, page.find("</tr>", begin) - begin);
  std::vector<double> numbers;
  const std::string mark = "<data value=\"";
  for (std::size_t at = row.find(mark); at != std::string::npos; at = row.find(mark, at + 1)) {
    numbers.push_back(std::stod(row.substr(at + mark.size())));
  }
  return numbers;
}

}  // namespace

TEST_CASE(
    "the option --report writes the same page on any number of threads, and the same result beside "
    "it") {
  const TrainedRun tiny;
  const std::string plain = tiny.eval({"--format", "json"}).out;
  const Words ood = {"--ood", "train-images", "--format", "json"};
  const std::string reference = report_of(tiny, ood);
  CHECK(tag_faults(reference).empty());
  for (const char* threads : {"1", "2", "3"}) {
    Words words = ood;
    words.insert(words.end(), {"--threads", threads});
    CHECK(report_of(tiny, words) == reference);
  }
  CHECK(tiny.eval({"--format", "json", "--report", "again.html"}).out == plain);
  // No place and no time of this machine.
  CHECK(reference.find(tiny.path()) == std::string::npos);
  CHECK(reference.find("/checkpoints") == std::string::npos);
  CHECK_FALSE(std::regex_search(reference.substr(reference.find("<header>"), 4000),
                                std::regex("20[2-9][0-9]-|[0-9]:[0-9][0-9]")));
}

TEST_CASE("a report of a run has all that the run can show") {
  const TrainedRun tiny;
  const std::string page = report_of(tiny, {"--ood", "train-images"});
  CHECK(elements(page, "h2") ==
        std::vector<std::string>{"Metrics", "Calibration", "Uncertainty", "Images worth a look",
                                 "Classes", "How many samples are enough", "Weights", "Training"});
  CHECK(elements(page, "h3") == std::vector<std::string>{"Most certain and wrong", "Most uncertain",
                                                         "Most disputed",
                                                         "Out of distribution and certain"});
  for (const char* part :
       {"<h1><bdi>tiny</bdi></h1>", "last.safetensors", "test: test-images", "<dt>seed</dt><dd>7",
        "<dt>images</dt><dd>37", "<dt>samples</dt><dd>4", "conv/kernel", "logits/kernel"}) {
    CAPTURE(part);
    CHECK(page.find(part) != std::string::npos);
  }
  // Nobody knows the history of a checkpoint that left its folder.
  std::filesystem::copy_file(tiny.last(), tiny.file("alone.safetensors"));
  const ProgramRun alone = run_program(
      "bnn-eval",
      {tiny.file("alone.safetensors"), "--data", tiny.path(), "--report", tiny.file("alone.html")});
  REQUIRE(alone.exit_code == 0);
  CHECK(tiny.read("alone.html").find("<h2 id=\"training\">") == std::string::npos);
}

TEST_CASE("the numbers of a report are those of the JSON, digit for digit") {
  const TrainedRun tiny;
  const std::string page = report_of(tiny, {"--ood", "train-images"});
  const Json result =
      bnn::testing::parsed(tiny.eval({"--ood", "train-images", "--format", "json"}).out);
  const std::vector<std::pair<const char*, const char*>> metrics = {
      {"accuracy<small", "accuracy"},
      {"NLL<small", "nll"},
      {"Brier score<small", "brier"},
      {"ECE<small", "ece"},
      {"adaptive ECE<small", "adaptive_ece"},
      {"MCE<small", "mce"},
      {"AURC<small", "aurc"},
      {"predictive entropy<small", "predictive_entropy"},
      {"expected entropy<small", "expected_entropy"},
      {"mutual information<small", "mutual_information"}};
  for (const auto& [header, key] : metrics) {
    CAPTURE(key);
    CHECK(row_numbers(page, header).at(0) == result.at(key).get<double>());
  }
  const Json& entropy = result.at("ood").at("predictive_entropy");
  CHECK(row_numbers(page, "predictive entropy</th>") ==
        Json({entropy.at("auroc"), entropy.at("aupr"), entropy.at("aupr_in"), entropy.at("fpr95")})
            .get<std::vector<double>>());
  const Json& intervals = result.at("intervals");
  for (const char* part : {"reliability", "resolution", "uncertainty"}) {
    const std::vector<double> numbers = row_numbers(page, "<i>" + std::string(part) + "</i>");
    const Json& interval = intervals.at("brier_decomposition").at(part);
    CHECK(numbers.at(0) == result.at("brier_decomposition").at(part));
    CHECK(numbers.at(1) == interval.at(0));
    CHECK(numbers.at(2) == interval.at(1));
  }
  const std::string risks = page.substr(page.find("<b>Errors among the surest.</b>"));
  const Json& risk = intervals.at("risk_at_coverage")[0].at("risk");
  CHECK(row_numbers(risks, "<data value=\"0.5\">") ==
        Json({0.5, result.at("risk_at_coverage")[0].at("risk"), risk.at(0), risk.at(1)})
            .get<std::vector<double>>());
  // A class's row in the calibration of classes: probability, share of the labels, error.
  const Json& fifth = result.at("per_class")[4];
  const std::string fits = page.substr(page.find("<b>Calibration by class.</b>"));
  CHECK(row_numbers(fits, "<bdi>4</bdi></th>") ==
        Json({fifth.at("mean_probability"),
              fifth.at("examples").get<double>() / result.at("examples").get<double>(),
              fifth.at("calibration_error")})
            .get<std::vector<double>>());
  // A class's row: accuracy, precision if any, recall and AUROC, each with its interval.
  const Json &one = result.at("per_class")[4], &bounds = intervals.at("per_class")[4];
  std::vector<double> expected;
  for (const char* key : {"accuracy", "precision", "recall", "auroc"}) {
    if (!one.at(key).is_null()) expected.push_back(one.at(key).get<double>());
    for (const Json& bound : bounds.at(key)) expected.push_back(bound.get<double>());
  }
  const std::string classes = page.substr(page.find("<b>Classes.</b>"));
  CHECK(row_numbers(classes, "<bdi>4</bdi></th>") == expected);
}

TEST_CASE("a metrics.jsonl that cannot be read is said on stderr and in the report") {
  const TrainedRun tiny;
  const std::string path = tiny.file("run/metrics.jsonl");
  const std::string good = tiny.read("run/metrics.jsonl");
  const Words words = {"--report", "report.html"};
  CHECK(tiny.eval(words).err.find("metrics.jsonl") == std::string::npos);
  CHECK(tiny.read("report.html").find("metrics.jsonl") == std::string::npos);

  write_text(path, good + "not json\n");
  CHECK(tiny.eval(words).err.find("left out one line") != std::string::npos);
  CHECK(tiny.read("report.html").find("has one line that could not be read") != std::string::npos);
  CHECK(tiny.read("report.html").find("Negative log-likelihood") != std::string::npos);

  write_text(path, "{\"event\": \"train\", \"epoch\": 1,\n\xFF\xFE\n");
  CHECK(tiny.eval(words).err.find("left out 2 lines") != std::string::npos);

  // Nothing of it is a whole line of an epoch.
  for (const char* text :
       {"{\"event\":\"train\",\"epo", "", "{\"event\":\"train\",\"step\":\"x\"}\n"}) {
    CAPTURE(text);
    write_text(path, text);
    CHECK(tiny.eval(words).err.find("no training curves: ") != std::string::npos);
    CHECK(tiny.read("report.html").find("The training curves are missing") != std::string::npos);
  }

  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  const ProgramRun run = tiny.eval(words);
  CHECK(run.exit_code == 0);
  CHECK(run.err.find("no training curves: ") != std::string::npos);
  CHECK(run.err.find("metrics.jsonl") != std::string::npos);
  const std::string page = tiny.read("report.html");
  CHECK(tag_faults(page).empty());
  CHECK(page.find("<h2 id=\"training\">") != std::string::npos);
  CHECK(page.find("The training curves are missing") != std::string::npos);
}

TEST_CASE("the option --report works with one pass and with images of two channels") {
  const TrainedRun tiny;
  const std::string page = report_of(tiny, {"--mean-weights"});
  CHECK(page.find("one pass with the mean weights") != std::string::npos);
  CHECK(page.find("Most disputed") == std::string::npos);
  Json config = tiny_config();
  config["model"]["input"]["channels"] = 2;
  const TinyRun two(config);
  write_idx_images(two.file("train-images"), 60, 8, 8, 2, kTinyTrainPattern);
  write_idx_images(two.file("test-images"), 37, 8, 8, 2, kTinyTestPattern);
  REQUIRE(two.train({"--out", "run"}).exit_code == 0);
  CHECK(tag_faults(report_of(two, {})).empty());
}

TEST_CASE("the option --report that cannot be written stops before the work and leaves nothing") {
  const TrainedRun tiny;
  const std::vector<std::string> before = tiny.tree();
  check_failure(tiny.eval({"--report", "missing/report.html"}), "bnn-eval", 6, "missing");
  check_failure(tiny.eval({"--report", "."}), "bnn-eval", 6);
  check_failure(tiny.eval({"--report", "x.html", "--files", "test-images", "none"}), "bnn-eval", 4);
  CHECK(tiny.tree() == before);
}

TEST_CASE("no output replaces what belongs to the run or is read by it") {
  const TrainedRun tiny;
  std::filesystem::create_directory(tiny.file("photos"));
  write_bytes(tiny.file("photos/a.png"), pattern_png(1, 0));
  const std::string calibration = tiny.last() + ".calibration.json";
  for (const std::string& name :
       {std::string("test-images"), std::string("./train-labels"), std::string("run/config.json"),
        std::string("run/metrics.jsonl"), tiny.last(), calibration}) {
    CAPTURE(name);
    check_failure(tiny.eval({"--report", name}), "bnn-eval", 2, "--report: ");
    check_failure(tiny.eval({"--save-samples", name}), "bnn-eval", 2, "--save-samples: ");
  }
  for (const std::string& name :
       {std::string("photos/a.png"), std::string("run/config.json"), tiny.last(), calibration}) {
    CAPTURE(name);
    check_failure(tiny.predict({"photos", "--output", name}), "bnn-predict", 2, "--output: ");
  }
  check_failure(tiny.predict({"photos", "--output", "new", "--save-samples", "./new"}),
                "bnn-predict", 2, "same file");
}

}  // namespace bnn::testing
