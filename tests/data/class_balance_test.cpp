#include "bnn/data/class_balance.h"

#include <algorithm>
#include <map>

#include <catch2/catch.hpp>

#include "bnn/data/training_loader.h"

namespace bnn {
namespace {

using Catch::Matchers::Contains;

// Class 0 has 60 examples, class 1 has 9, class 2 has none, class 3 has 31.
std::vector<int> uneven_labels() {
  std::vector<int> labels;
  for (const auto& [label, count] : {std::pair(0, 60), std::pair(1, 9), std::pair(3, 31)}) {
    labels.insert(labels.end(), static_cast<std::size_t>(count), label);
  }
  return labels;
}

std::vector<std::uint32_t> all_but_first(std::size_t size) {
  std::vector<std::uint32_t> examples;
  for (std::uint32_t i = 1; i < size; ++i) examples.push_back(i);
  return examples;
}

TEST_CASE("examples are counted by class") {
  const std::vector<int> labels = uneven_labels();
  CHECK(class_counts(labels, all_but_first(labels.size()), 4) ==
        std::vector<std::size_t>{59, 9, 0, 31});
}

TEST_CASE("a class with less than a fifth of the images of the largest is named") {
  const std::vector<std::string> names = {"cat", "dog", "owl"};
  CHECK_FALSE(imbalance_warning(std::vector<std::size_t>{50, 10, 30}, names));
  const auto warning = imbalance_warning(std::vector<std::size_t>{51, 10, 30}, names);
  REQUIRE(warning);
  CHECK_THAT(*warning, Contains("class \"dog\" has 10 training images, class \"cat\" has 51"));
  CHECK_THAT(*imbalance_warning(std::vector<std::size_t>{0, 1}, {}),
             Contains("class \"0\" has no training image"));
  CHECK(class_counts_text(std::vector<std::size_t>{51, 10, 30}, names) ==
        "training images of each class: cat 51, dog 10, owl 30");
  CHECK(class_counts_text(std::vector<std::size_t>{5, 5}, {}) ==
        "training images of each class: 5");
  CHECK(class_counts_text(std::vector<std::size_t>{2, 1}, {"a\nb", "c\x1b[1m"})
            .find_first_of("\n\x1b") == std::string::npos);
  std::vector<std::size_t> many(20, 7);
  many[3] = 2;
  CHECK(class_counts_text(many, {}) == "training images of each class: from 2 (3) to 7 (0)");
}

TEST_CASE("classes of which no image is held out are named, if others have some") {
  using Counts = std::vector<std::size_t>;
  const std::vector<std::string> names = {"cat", "dog", "owl"};
  CHECK_FALSE(unvalidated_warning(Counts{4, 4, 4}, Counts{1, 2, 1}, names));
  CHECK_FALSE(unvalidated_warning(Counts{4, 4, 4}, Counts{0, 0, 0}, names));
  CHECK_FALSE(unvalidated_warning(Counts{4, 0, 4}, Counts{1, 0, 1}, names));
  CHECK(unvalidated_warning(Counts{4, 4, 4}, Counts{1, 0, 1}, names) ==
        "no image of class \"dog\" is held out, so validation cannot see it");
  CHECK_THAT(*unvalidated_warning(Counts{4, 4, 4}, Counts{0, 0, 1}, names),
             Contains("class \"cat\" and of 1 other class is"));
}

TEST_CASE("balanced weights give classes the same sum and examples the mean 1") {
  const std::vector<std::size_t> counts = {60, 9, 0, 31};
  const std::vector<float> weights = balanced_class_weights(counts);
  CHECK(weights[2] == 0.0f);
  double sum = 0.0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double of_class = static_cast<double>(weights[i]) * static_cast<double>(counts[i]);
    if (counts[i] > 0) CHECK(of_class == Approx(100.0 / 3).epsilon(1e-6));
    sum += of_class;
  }
  CHECK(sum == Approx(100).epsilon(1e-6));
}

TEST_CASE("a balanced sample has every class equally often and no example twice too early") {
  const std::vector<int> labels = uneven_labels();
  const std::vector<std::uint32_t> examples = all_but_first(labels.size());
  const auto sample = balanced_sample(labels, examples, 4, 5, 2);
  CHECK(sample.size() == examples.size());
  std::map<std::uint32_t, int> times;
  std::map<int, int> of_class;
  for (const std::uint32_t example : sample) {
    ++times[example];
    ++of_class[labels[example]];
  }
  CHECK(of_class == std::map<int, int>{{0, 33}, {1, 33}, {3, 33}});
  CHECK(times.count(0) == 0);  // not among the examples
  for (const auto& [example, count] : times) {
    CAPTURE(example);
    if (labels[example] == 0) CHECK(count == 1);
    if (labels[example] == 1) CHECK((count == 3 || count == 4));
    if (labels[example] == 3) CHECK((count == 1 || count == 2));
  }
  CHECK(sample == balanced_sample(labels, examples, 4, 5, 2));
  CHECK(sample != balanced_sample(labels, examples, 4, 5, 3));
  CHECK(sample != balanced_sample(labels, examples, 4, 6, 2));
}

TEST_CASE("an epoch with balanced sampling is that sample in the seed's order") {
  RawImages images;
  images.labels = uneven_labels();
  images.pixels.resize(images.labels.size());
  const Dataset data({1, 1, 1}, 4, images, {{"a", images.labels.size()}});
  const auto examples = all_but_first(data.size());
  const TrainingLoader loader(data, examples, {{0}, {1}}, {}, 5, Sampling::balanced);
  auto order = loader.epoch_order(2);
  auto expected = balanced_sample(data.labels(), examples, 4, 5, 2);
  CHECK(order != expected);
  std::sort(order.begin(), order.end());
  std::sort(expected.begin(), expected.end());
  CHECK(order == expected);
}

}  // namespace
}  // namespace bnn
