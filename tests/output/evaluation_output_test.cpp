#include "bnn/output/evaluation_output.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/core/display_text.h"
#include "bnn/core/json_reader.h"
#include "support/json_document.h"
#include "support/text_lines.h"

namespace bnn {
namespace {

using testing::has_line;
using testing::lines_of;

// Columns of a line in which every character is narrow.
std::size_t columns_of(const std::string& line) {
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

// Two examples of two classes: the first right at 0.75, the second taken for class 0 at 0.5.
Metrics small_metrics() {
  const std::vector<float> first = {0.75f, 0.25f}, second = {0.5f, 0.5f};
  MetricsCollector collector(2);
  collector.add(summarize(first.data(), 1, 2, 2), 0);
  collector.add(summarize(second.data(), 1, 2, 2), 1);
  return collector.finish();
}

// `count` examples of every class, each predicted as the next class.
Metrics large_metrics(int classes, std::size_t count) {
  MetricsCollector collector(classes);
  const auto size = static_cast<std::size_t>(classes);
  for (std::size_t y = 0; y < size; ++y) {
    std::vector<float> p(size, 0.0f);
    p[(y + 1) % size] = 1;
    const Summary summary = summarize(p.data(), 1, size, classes);
    for (std::size_t i = 0; i < count; ++i) collector.add(summary, static_cast<int>(y));
  }
  return collector.finish();
}

TEST_CASE("an evaluation as JSON has the keys of the contract in order") {
  const std::string text = evaluation_json({small_metrics(), 32, {"cat", "dog"}});
  CHECK(text.back() == '\n');
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  const Json result = bnn::testing::parsed(text);
  std::vector<std::string> keys;
  for (const auto& [key, value] : result.items()) keys.push_back(key);
  CHECK(keys == std::vector<std::string>{"examples",
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
                                         "risk_coverage"});
  CHECK(result["examples"] == 2);
  CHECK(result["samples"] == 32);
  CHECK(result["accuracy"] == 0.5);
  CHECK(result["brier"] == (0.125 + 0.5) / 2);
  CHECK(result["aurc"] == 0.25);
  CHECK(result["confusion_matrix"].dump() == "[[1,0],[1,0]]");
  CHECK(result["per_class"].dump() ==
        R"([{"class":"cat","examples":1,"accuracy":0.5,"precision":0.5,"recall":1.0,)"
        R"("auroc":null,"mean_probability":0.625,"calibration_error":0.375},)"
        R"({"class":"dog","examples":1,"accuracy":0.5,"precision":null,"recall":0.0,"auroc":null,)"
        R"("mean_probability":0.375,"calibration_error":0.375}])");
}

TEST_CASE("each number of an evaluation is under its own name") {
  Metrics metrics = small_metrics();
  metrics.nll = 1;
  metrics.brier = 2;
  metrics.ece = 3;
  metrics.adaptive_ece = 4;
  metrics.mce = 5;
  metrics.predictive_entropy = 6;
  metrics.expected_entropy = 7;
  metrics.mutual_information = 8;
  metrics.aurc = 9;
  metrics.class_ece = 10;
  const Json result = bnn::testing::parsed(evaluation_json({metrics, 1, {}}));
  const std::string text = evaluation_text({metrics, 1, {}});
  int expected = 1;
  for (const char* name : {"nll", "brier", "ece", "adaptive_ece", "mce", "predictive_entropy",
                           "expected_entropy", "mutual_information", "aurc", "class_ece"}) {
    CHECK(result[name] == expected);
    const std::string line =
        "\n  " + fitted(name, 19) + right_aligned(std::to_string(expected), 3) + ".0000  ";
    CHECK(text.find(line) != std::string::npos);
    ++expected;
  }
}

TEST_CASE("the bins of an evaluation as JSON are null where they are empty") {
  const Json bins = bnn::testing::parsed(evaluation_json({small_metrics(), 1, {}}))["calibration"];
  REQUIRE(bins.size() == 15);
  CHECK(bins[0]["count"] == 0);
  CHECK(bins[0]["lower"] == 0.0);
  CHECK(bins[0]["confidence"].is_null());
  CHECK(bins[0]["accuracy"].is_null());
  CHECK(bins[7]["count"] == 1);  // 0.5 is in (7/15, 8/15].
  CHECK(bins[7]["confidence"] == 0.5);
  CHECK(bins[7]["accuracy"] == 0.0);
  CHECK(bins[11]["accuracy"] == 1.0);
  CHECK(bins[14]["upper"] == 1.0);
}

TEST_CASE("classes without names are called by their index") {
  const Json result = bnn::testing::parsed(evaluation_json({small_metrics(), 1, {}}));
  CHECK(result["per_class"][0]["class"] == 0);
  CHECK(result["per_class"][1]["class"] == 1);
}

TEST_CASE("out-of-distribution scores appear only if they were measured") {
  const OodMetrics ood{.examples = 7,
                       .predictive_entropy = Detection{0.5, 0.25, 1.0},
                       .expected_entropy = Detection{0.25, 0.125, 0.75, 0.5},
                       .mutual_information = Detection{0.75, 0.5, 0.125, 0.875},
                       .max_probability = Detection{0.625, 0.375, 0.0}};
  const Json result = bnn::testing::parsed(evaluation_json({small_metrics(), 1, {}, ood}));
  CHECK(
      result["ood"].dump() ==
      R"({"examples":7,"positive_class":"out_of_distribution","predictive_entropy":{"auroc":0.5,"aupr":0.25,"fpr95":1.0,"aupr_in":0.0},)"
      R"("expected_entropy":{"auroc":0.25,"aupr":0.125,"fpr95":0.75,"aupr_in":0.5},)"
      R"("mutual_information":{"auroc":0.75,"aupr":0.5,"fpr95":0.125,"aupr_in":0.875},)"
      R"("max_probability":{"auroc":0.625,"aupr":0.375,"fpr95":0.0,"aupr_in":0.0}})");
  const std::string text = evaluation_text({small_metrics(), 1, {}, ood});
  CHECK(has_line(text, "  score                 auroc      aupr   aupr_in     fpr95"));
  CHECK(has_line(text, "  mutual_information   0.7500    0.5000    0.8750    0.1250"));
  CHECK(has_line(text, "  expected_entropy     0.2500    0.1250    0.5000    0.7500"));
  CHECK(text.find("mahalanobis") == std::string::npos);
  CHECK(text.find("\"out\" is the positive class; for aupr_in the test set is") !=
        std::string::npos);
  CHECK(text.find(" 7 examples") != std::string::npos);
  CHECK(evaluation_text({small_metrics(), 1, {}}).find("distribution") == std::string::npos);
}

TEST_CASE("an evaluation of no examples is null in JSON and not available in text") {
  const Metrics metrics = MetricsCollector(2).finish();
  const Json result = bnn::testing::parsed(evaluation_json({metrics, 1, {}}));
  CHECK(result["nll"].is_null());
  CHECK(result["per_class"][0]["recall"].is_null());
  CHECK(evaluation_text({metrics, 1, {}}).find("n/a") != std::string::npos);
}

TEST_CASE("the report for a person shows the numbers") {
  const std::string text = evaluation_text({small_metrics(), 1, {"cat", "dog"}});
  CHECK(lines_of(text)[0] == "2 examples, 1 sample of the network for each");
  CHECK(lines_of(text)[2] == "50.0 % of the 2 images are right.");
  CHECK(lines_of(text)[3] ==
        "Confidence is 12.5 points too high on average, and off by 37.5 points (ECE).");
  CHECK(lines_of(text)[4] ==
        "Of the surest 80 %, 50.0 % are wrong; at most 5 % of the surest 50.0 % are.");
  CHECK(text.find("\n  accuracy             0.5000  ") != std::string::npos);
  CHECK(has_line(text, "  share kept     0.50     0.70     0.80     0.90     0.95     1.00"));
  CHECK(has_line(text, "  errors       0.0000   0.5000   0.5000   0.5000   0.5000   0.5000"));
  CHECK(has_line(text,
                 "  0.467-0.533         1      0.5000    0.0000  -0.5000            |         "));
  CHECK(has_line(text,
                 "  0.733-0.800         1      0.7500    1.0000  +0.2500  ###############|####"));
  CHECK(has_line(text, "  0.000-0.067         0           -         -        -"));
  CHECK(has_line(text,
                 "   0 cat                              1    0.5000     0.5000   1.0000        -"));
  CHECK(has_line(text,
                 "   1 dog                              1    0.5000          -   0.0000        -"));
  CHECK(has_line(text, "   0 cat             1    0"));
  CHECK(has_line(text, "   1 dog             1    0"));
}

// An evaluation with everything that a Bayesian network gets.
Evaluation full_evaluation() {
  Evaluation evaluation{small_metrics(), 2, {}};
  IntervalSet& intervals = evaluation.intervals.emplace();
  double bound = 0;
  for (Bounds& bounds : intervals.metrics) {
    bounds = {bound, bound + 0.5};
    bound += 1;
  }
  intervals.brier_parts = {{{0.0625, 0.125}, {-0.25, 0.75}, {0.375, 0.5}}};
  intervals.risks = {{0, 0}, {0.1875, 0.9375}, {0.5, 0.5}, {0.5, 0.5}, {0.5, 0.5}, {0.5, 0.5}};
  intervals.per_class = {{{0.5, 0.5}, {0.5, 0.5}, {0.625, 0.875}}, {{0.5, 0.5}, {}, {0, 0}}};
  evaluation.mean_weights = small_metrics();
  evaluation.mean_weights->accuracy = 0.75;
  evaluation.mean_weights->brier_decomposition.resolution = -0.125;
  evaluation.sweep = {
      {1, {.accuracy = 0.5, .nll = 0.25, .brier = 0.125, .ece = 0.0625}},
      {2,
       {.accuracy = 0.75, .nll = 1.5, .brier = 0.375, .ece = 0.1875, .mutual_information = 0.5}}};
  return evaluation;
}

TEST_CASE("intervals and mean weights stand beside the samples") {
  const std::string text = evaluation_text(full_evaluation());
  CHECK(has_line(text, "                        Monte                         mean"));
  CHECK(has_line(text, "  metric                Carlo      95 % interval   weights"));
  CHECK(text.find("\n  accuracy             0.5000    0.0000 - 0.5000    0.7500  share") !=
        std::string::npos);
  CHECK(text.find("\n  nll                  0.4904    4.0000 - 4.5000    0.4904  nats") !=
        std::string::npos);
  CHECK(text.find("\n    resolution         0.5000   -0.2500 - 0.7500   -0.1250  taken off") !=
        std::string::npos);
  CHECK(has_line(text, "  share kept     0.50     0.70     0.80     0.90     0.95     1.00"));
  CHECK(has_line(text, "  errors       0.0000   0.5000   0.5000   0.5000   0.5000   0.5000"));
  CHECK(has_line(text, "  95 % from    0.0000   0.1875   0.5000   0.5000   0.5000   0.5000"));
  CHECK(has_line(text, "       to      0.0000   0.9375   0.5000   0.5000   0.5000   0.5000"));
  const std::string alone = evaluation_text({small_metrics(), 1, {}});
  CHECK(alone.find("interval") == std::string::npos);
  CHECK(alone.find("weights") == std::string::npos);
}

TEST_CASE("the sample sweep has a row for every number of samples") {
  const std::string text = evaluation_text(full_evaluation());
  CHECK(has_line(text, "  samples  accuracy       nll     brier       ece  mutual_information"));
  CHECK(has_line(text, "        1    0.5000    0.2500    0.1250    0.0625              0.0000"));
  CHECK(has_line(text, "        2    0.7500    1.5000    0.3750    0.1875              0.5000"));
  CHECK(evaluation_text({small_metrics(), 1, {}}).find("enough") == std::string::npos);
}

TEST_CASE("the report says why there is one pass only") {
  Evaluation evaluation{small_metrics(), 1, {}};
  evaluation.single_pass = SinglePass::mean_weights;
  CHECK(lines_of(evaluation_text(evaluation))[0] ==
        "2 examples, one pass with the posterior means and no noise");
  CHECK(has_line(evaluation_text(evaluation), "  metric                value"));
  evaluation.single_pass = SinglePass::no_noise;
  const std::vector<std::string> lines = lines_of(evaluation_text(evaluation));
  CHECK(lines[0] == "2 examples, one pass of the network");
  CHECK(lines[1] == "(It has no noise: samples and mean weights would all give the same.)");
}

TEST_CASE("JSON has intervals, mean weights and sweep where they were measured") {
  const Json result = bnn::testing::parsed(evaluation_json(full_evaluation()));
  double lower = 0;
  for (const NamedMetric& metric : kNamedMetrics) {
    const char* name = metric.name;
    CAPTURE(name);
    CHECK(result["intervals"][name] == Json::array({lower, lower + 0.5}));
    CHECK(result["mean_weights"].contains(name));
    lower += 1;
  }
  const Json& intervals = result["intervals"];
  CHECK(intervals.size() == kNamedMetrics.size() + 3);
  CHECK(intervals["brier_decomposition"].dump() ==
        R"({"reliability":[0.0625,0.125],"resolution":[-0.25,0.75],"uncertainty":[0.375,0.5]})");
  CHECK(intervals["risk_at_coverage"].size() == 6);
  CHECK(intervals["risk_at_coverage"][1].dump() == R"({"coverage":0.7,"risk":[0.1875,0.9375]})");
  CHECK(intervals["per_class"].size() == 2);
  CHECK(intervals["per_class"][0]["recall"] == Json::array({0.625, 0.875}));
  CHECK(intervals["per_class"][1]["precision"].is_null());
  CHECK(result["mean_weights"].size() == kNamedMetrics.size() + 1);
  CHECK(result["mean_weights"]["brier_decomposition"]["resolution"] == -0.125);
  CHECK(result["mean_weights"]["accuracy"] == 0.75);
  CHECK(result["samples_sweep"].dump() ==
        R"([{"samples":1,"accuracy":0.5,"nll":0.25,"brier":0.125,"ece":0.0625,)"
        R"("mutual_information":0.0},{"samples":2,"accuracy":0.75,"nll":1.5,"brier":0.375,)"
        R"("ece":0.1875,"mutual_information":0.5}])");
}

TEST_CASE("JSON has the parts of the Brier score and the risks by coverage") {
  // 0.75 right, 0.5 wrong. Class 0 and class 1 have one example in each of two bins.
  const Json result = bnn::testing::parsed(evaluation_json({small_metrics(), 1, {}}));
  const Json& parts = result["brier_decomposition"];
  CHECK(parts["reliability"].get<double>() == Approx((0.0625 + 0.25) / 2 * 2));
  CHECK(parts["uncertainty"] == 0.5);
  CHECK(parts["resolution"].get<double>() == Approx(0.5));
  CHECK(result["class_ece"].get<double>() == Approx((0.25 + 0.5) / 2));
  CHECK(result["risk_at_coverage"].size() == 6);
  CHECK(result["risk_at_coverage"][1].dump() == R"({"coverage":0.7,"risk":0.5})");
  CHECK(result["risk_coverage"].dump() ==
        R"([{"coverage":0.5,"risk":0.0},{"coverage":1.0,"risk":0.5}])");
}

TEST_CASE("the report fits 80 columns whatever the names and the counts") {
  const std::string long_name(100, 'x');
  const std::string accented =
      "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"
      "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9";
  for (const int classes : {1, 2, 10, 20, 21, 1000}) {
    for (const bool named : {false, true}) {
      Metrics metrics = large_metrics(classes, 3);
      metrics.calibration[14].count = 1000000000;
      if (classes > 1) metrics.confusion_matrix[0][1] = 123456789;
      std::vector<std::string> names;
      if (named) names.assign(static_cast<std::size_t>(classes), long_name);
      if (named) names[0] = accented;
      const OodMetrics ood = {.examples = 1000000000, .mutual_information = Detection{}};
      Evaluation evaluation{metrics, 1000, names, ood};
      if (named) {
        IntervalSet wide;
        wide.metrics.fill({10.12345, 87.33655});
        wide.brier_parts.fill({-10.12345, 87.33655});
        wide.risks.assign(6, {0.12345, 0.98765});
        evaluation.intervals = wide;
        evaluation.mean_weights = metrics;
        const MetricValues widest{
            .accuracy = 1, .nll = 87.3365, .brier = 2, .ece = 1, .mutual_information = 13.8};
        evaluation.sweep = {{1, widest}, {65536, widest}};
      } else {
        evaluation.single_pass = classes == 1 ? SinglePass::no_noise : SinglePass::mean_weights;
        evaluation.metrics.examples = 1000000000;
      }
      for (const std::string& line : lines_of(evaluation_text(evaluation))) {
        INFO(line);
        CHECK(columns_of(line) <= 80);
      }
    }
  }
}

TEST_CASE("every entry of a confusion matrix is shown, in blocks where it is wide") {
  // With 20 classes of 1000 examples a row does not fit 80 columns.
  const std::string text = evaluation_text({large_metrics(20, 1000), 1, {}});
  std::size_t entries = 0;
  const std::string table = text.substr(text.find("Confusion matrix"));
  for (std::size_t at = table.find("1000"); at != std::string::npos;
       at = table.find("1000", at + 1))
    ++entries;
  CHECK(entries == 20);
  CHECK(table.find("  19\n") != std::string::npos);
}

TEST_CASE("the confusion matrix is shown for up to twenty classes") {
  CHECK(evaluation_text({large_metrics(20, 1), 1, {}}).find("Confusion") != std::string::npos);
  CHECK(evaluation_text({large_metrics(21, 1), 1, {}}).find("Confusion") == std::string::npos);
}

TEST_CASE("names cannot steer the terminal") {
  const std::vector<std::string> names = {"\x1b[2J", "\xFF\u009b\u202e"};
  for (const std::string& text : {evaluation_text({small_metrics(), 1, names}),
                                  evaluation_json({small_metrics(), 1, names})}) {
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(text.find("\u009b") == std::string::npos);
    CHECK(text.find("\u202e") == std::string::npos);
  }
  CHECK_NOTHROW(bnn::testing::parsed(evaluation_json({small_metrics(), 1, names})));
}

}  // namespace
}  // namespace bnn
