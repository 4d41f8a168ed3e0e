// How corruptions, temperature and prediction sets are shown.

#include <limits>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/output/conformal_output.h"
#include "bnn/output/corruption_output.h"
#include "bnn/output/evaluation_output.h"
#include "support/json_document.h"
#include "support/text_lines.h"

namespace bnn {
namespace {

using testing::has_line;
using testing::lines_of;

const std::vector<CorruptionResult> kResults = {
    {"contrast", 1, {.accuracy = 0.75, .nll = 1.5, .ece = 0.25}},
    {"contrast", 2, {.accuracy = 0.5, .nll = 2.5, .ece = 0.5}},
    {"gaussian_noise", 1, {.accuracy = 0.25, .nll = 0.5, .ece = 0.125}},
    {"gaussian_noise", 2, {.accuracy = 0, .nll = 1.5, .ece = 0.5}}};

ConformalResult example_sets() {
  ConformalResult sets;
  sets.rule.target = 0.57;
  sets.rule.threshold = 0.625;
  sets.rule.calibration_examples = 40;
  sets.coverage = 0.75;
  sets.mean_size = 1.25;
  sets.size_counts = {1, 2, 1};
  sets.size_covered = {0, 2, 1};
  sets.class_coverage = {1, 0.5};
  sets.rule.score = ConformalScore::aps;
  return sets;
}

Evaluation example() {
  Evaluation evaluation;
  evaluation.metrics = MetricsCollector(2).finish();
  evaluation.metrics.accuracy = 0.875;
  evaluation.metrics.nll = 0.25;
  evaluation.metrics.ece = 0.0625;
  evaluation.class_names = {"cat", std::string(100, 'x')};
  return evaluation;
}

TEST_CASE("means of corruptions are taken severity by severity") {
  const std::vector<CorruptionResult> means = severity_means(kResults);
  REQUIRE(means.size() == 2);
  CHECK(means[0].severity == 1);
  CHECK(means[0].metrics.accuracy == 0.5);
  CHECK(means[0].metrics.nll == 1);
  CHECK(means[0].metrics.ece == 0.1875);
  CHECK(means[1].severity == 2);
  CHECK(means[1].metrics.accuracy == 0.25);
  CHECK(severity_means({}).empty());
}

TEST_CASE("tables of corruptions have the clean images in column 0") {
  const std::string text = corruption_tables(example().metrics, kResults);
  CHECK(has_line(text, "  accuracy                   0        1        2"));
  CHECK(has_line(text, "  contrast              0.8750   0.7500   0.5000"));
  CHECK(has_line(text, "  gaussian_noise        0.8750   0.2500   0.0000"));
  CHECK(has_line(text, "  mean                  0.8750   0.5000   0.2500"));
  CHECK(has_line(text, "  gaussian_noise        0.2500   0.5000   1.5000"));
  CHECK(has_line(text, "  mean                  0.0625   0.1875   0.5000"));
}

TEST_CASE("prediction sets are shown by size, with the worst class") {
  const std::string text = conformal_text(example_sets(), {"cat", "dog"});
  CHECK(text.find("(aps)") != std::string::npos);
  CHECK(text.find(" 57 %") != std::string::npos);
  CHECK(has_line(text, "  coverage             0.7500  share of the sets that hold the label"));
  CHECK(has_line(text, "  lowest coverage      0.5000  of class dog"));
  CHECK(has_line(text, "        1           2      1.0000"));
  CHECK(text.find("every class") == std::string::npos);
  CHECK(has_line(conformal_text(example_sets(), {}), "  lowest coverage      0.5000  of class 1"));
  ConformalResult wide = example_sets();
  wide.size_counts = std::vector<std::size_t>(14, 1);
  wide.size_covered = std::vector<std::size_t>(14, 0);
  CHECK(has_line(conformal_text(wide, {}), "     more           3      0.0000"));
}

TEST_CASE("an infinite threshold and classes without examples are null in JSON") {
  ConformalResult sets = example_sets();
  sets.rule.threshold = std::numeric_limits<double>::infinity();
  sets.class_coverage[1] = std::numeric_limits<double>::quiet_NaN();
  const Json json = conformal_json(sets);
  CHECK(json["threshold"].is_null());
  CHECK(json["class_coverage"].dump() == "[1.0,null]");
  CHECK(json["size_counts"].dump() == "[1,2,1]");
  CHECK(conformal_text(sets, {}).find("every set holds every class") != std::string::npos);
  CHECK(conformal_json(example_sets())["threshold"] == 0.625);
}

TEST_CASE("what was not asked for is not in an evaluation, and what was fits 80 columns") {
  Evaluation evaluation = example();
  Json json = bnn::testing::parsed(evaluation_json(evaluation));
  for (const char* key : {"temperature", "conformal", "corruptions", "corruption_means"}) {
    CHECK_FALSE(json.contains(key));
  }
  evaluation.temperature = 1.5;
  evaluation.conformal = example_sets();
  evaluation.conformal->rule.target = 0.123456789;
  evaluation.conformal->rule.calibration_examples = 1000000000;
  evaluation.corruptions = kResults;
  json = bnn::testing::parsed(evaluation_json(evaluation));
  CHECK(json["temperature"] == 1.5);
  CHECK(json["conformal"]["coverage"] == 0.75);
  CHECK(json["corruptions"].size() == 4);
  CHECK(json["corruptions"][3].dump() ==
        R"({"corruption":"gaussian_noise","severity":2,"accuracy":0.0,"nll":1.5,"ece":0.5})");
  CHECK(json["corruption_means"].size() == 2);
  const std::string text = evaluation_text(evaluation);
  CHECK(has_line(text, "Probabilities were scaled by the temperature 1.5000"));
  for (const std::string& line : lines_of(text)) {
    INFO(line);
    CHECK(line.size() <= 80);
  }
}

}  // namespace
}  // namespace bnn
