// What a report says of each class: how many images it has, and how its probability is calibrated.

#include "bnn/report/report_classes.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <catch2/catch.hpp>

#include "bnn/report/html_text.h"
#include "bnn/report/report_class_balance.h"
#include "bnn/report/report_class_calibration.h"
#include "support/markup_check.h"

namespace bnn::testing {
namespace {

using Counts = std::vector<std::size_t>;

// Class k has counts[k] examples. The network gives every example the same probabilities,
// 1 / 2, 1 / 4, 1 / 8 …, the last one twice.
Evaluation evaluation_of(const Counts& counts) {
  std::vector<float> p;
  for (std::size_t k = 0; k < counts.size(); ++k)
    p.push_back(std::ldexp(1.0f, -1 - static_cast<int>(k)));
  p.back() *= 2;
  const Summary summary = summarize(p.data(), 1, p.size(), static_cast<int>(p.size()));
  MetricsCollector collector(static_cast<int>(counts.size()));
  for (std::size_t k = 0; k < counts.size(); ++k) {
    for (std::size_t i = 0; i < counts[k]; ++i) collector.add(summary, static_cast<int>(k));
  }
  Evaluation evaluation;
  evaluation.metrics = collector.finish();
  return evaluation;
}

// Class k of `classes` has k + 1 examples.
Evaluation ascending(std::size_t classes) {
  Counts counts(classes);
  std::iota(counts.begin(), counts.end(), std::size_t{1});
  return evaluation_of(counts);
}

std::vector<std::string> body_rows(const Markup& table) {
  return elements(elements(table.text(), "tbody").at(0), "tr");
}

// The text of a row without its tags.
std::string text_of(const std::string& html) {
  std::string text;
  bool in_tag = false;
  for (const char letter : html) {
    if (letter == '<') in_tag = true;
    if (!in_tag) text += letter;
    if (letter == '>') {
      in_tag = false;
      text += ' ';
    }
  }
  std::string words;
  for (const char letter : text) {
    if (letter != ' ' || (!words.empty() && words.back() != ' ')) words += letter;
  }
  return words;
}

bool says(const Markup& markup, const std::string& words) {
  return text_of(markup.text()).find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("the balance of classes has the images of each class, and bars of their lengths") {
  const Markup table = class_balance_table(evaluation_of({3, 0, 12, 5}));
  const std::vector<std::string> rows = body_rows(table);
  REQUIRE(rows.size() == 4);
  CHECK(text_of(rows[0]) == "0 3 ");
  CHECK(text_of(rows[1]) == "1 0 ");
  CHECK(text_of(rows[2]) == "2 12 ");
  CHECK(text_of(rows[3]) == "3 5 ");
  CHECK(rows[0].find("--p:25.0%") != std::string::npos);
  CHECK(rows[1].find("--p:0.0%") != std::string::npos);
  CHECK(rows[2].find("--p:100.0%") != std::string::npos);
  CHECK(rows[3].find("--p:41.7%") != std::string::npos);
  CHECK_FALSE(says(table, "smallest"));
}

TEST_CASE("the balance of many classes has those at its ends, and says so") {
  for (const std::size_t classes : {21u, 100u, 1000u}) {
    CAPTURE(classes);
    Counts counts(classes);
    // k times 7, modulo the classes: each count from 1 to `classes` once, in mixed order.
    for (std::size_t k = 0; k < classes; ++k)
      counts[k] = classes == 21 ? k + 1 : k * 7 % classes + 1;
    Evaluation evaluation;
    evaluation.metrics.examples = std::accumulate(counts.begin(), counts.end(), std::size_t{0});
    for (std::size_t k = 0; k < classes; ++k) {
      ClassMetrics& one = evaluation.metrics.per_class.emplace_back();
      one.label = static_cast<int>(k);
      one.examples = counts[k];
    }
    const Markup table = class_balance_table(evaluation);
    CHECK(says(table, "The 10 largest and the 10 smallest of " + std::to_string(classes)));
    const std::vector<std::string> rows = body_rows(table);
    REQUIRE(rows.size() == 21);
    for (std::size_t i = 0; i < 21; ++i) {
      if (i == 10) continue;
      const std::size_t count = i < 10 ? classes - i : 21 - i;
      const auto label = std::find(counts.begin(), counts.end(), count) - counts.begin();
      CHECK(text_of(rows[i]) == std::to_string(label) + " " + std::to_string(count) + " ");
    }
    CHECK(text_of(rows[10]) ==
          std::to_string(classes - 20) + " between 11 – " + std::to_string(classes - 10) + " ");
  }
}

TEST_CASE("a sentence names the smallest and the largest class and both accuracies") {
  Evaluation evaluation = evaluation_of({4, 1, 12, 12});
  evaluation.class_names = {"ape", "bee", "cat", "<dog>"};
  const Markup sentence = class_balance_sentence(evaluation);
  CHECK(says(sentence,
             "The smallest class is bee with 1 image, the largest is cat with 12 images "
             "(1 other has as many). Balanced accuracy, 0.2500 , counts classes alike; "
             "accuracy, 0.1379 , counts images alike."));
  CHECK(says(class_balance_sentence(evaluation_of({0, 2})), "alike (those with images)"));
  CHECK(says(class_balance_sentence(evaluation_of({2, 2, 2})),
             "Each of the 3 classes has 2 images. Balanced accuracy counts classes alike, accuracy "
             "counts images alike: here they are equal."));
  const Metrics equal = evaluation_of({2, 2, 2}).metrics;
  CHECK(equal.balanced_accuracy == Approx(equal.accuracy));
}

TEST_CASE("the calibration of classes has the largest error first, with what it is made of") {
  // All examples share one bin: the error of a class is the gap of its probability and its share.
  const Markup table = class_calibration_table(evaluation_of({60, 10, 30}));
  const std::vector<std::string> rows = body_rows(table);
  REQUIRE(rows.size() == 3);
  CHECK(text_of(rows[0]) == "1 10* 0.2500 0.1000 0.1500 ");
  CHECK(text_of(rows[1]) == "0 60 0.5000 0.6000 0.1000 ");
  CHECK(text_of(rows[2]) == "2 30* 0.2500 0.3000 0.0500 ");
  CHECK(rows[0].find("--p:100.0%") != std::string::npos);
  CHECK(rows[1].find("--p:66.7%") != std::string::npos);
  CHECK(says(table, "class-wise ECE, 0.1000"));
  CHECK(says(table, "* Fewer than 50 images: much of the error may be chance."));
  CHECK_FALSE(says(class_calibration_table(evaluation_of({50, 60})), "chance"));
  CHECK_FALSE(says(table, "These are"));
}

TEST_CASE("of many classes the calibration of the worst is shown") {
  const Evaluation evaluation = ascending(40);
  const Markup table = class_calibration_table(evaluation);
  CHECK(says(table, "These are 20 of 40 classes."));
  const std::vector<std::string> rows = body_rows(table);
  REQUIRE(rows.size() == 20);
  // Of N = 820 examples, class 0 has 1 but a probability of 1 / 2, class 1 has 2 but 1 / 4.
  CHECK(text_of(rows[0]) == "0 1* 0.5000 0.0012 0.4988 ");
  CHECK(text_of(rows[1]) == "1 2* 0.2500 0.0024 0.2476 ");
}

TEST_CASE("without examples, and for one class, there is neither balance nor calibration") {
  for (const Counts& counts : {Counts{7}, Counts{0, 0, 0}}) {
    const Evaluation evaluation = evaluation_of(counts);
    CHECK(class_balance_sentence(evaluation).empty());
    CHECK(class_balance_table(evaluation).empty());
    CHECK(class_calibration_table(evaluation).empty());
  }
}

}  // namespace bnn::testing
