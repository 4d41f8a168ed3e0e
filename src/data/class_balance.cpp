#include "bnn/data/class_balance.h"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>

#include "bnn/core/display_text.h"
#include "bnn/data/class_names.h"
#include "bnn/data/shuffle.h"

namespace bnn {
namespace {

// As a log shows it: on one line.
std::string shown_class(const std::vector<std::string>& names, std::size_t index) {
  return printable_line(class_text(names, index));
}

constexpr std::size_t kNamedClasses = 12;
constexpr std::size_t kUnbalanced = 5;  // times the images of a class

std::string quoted(const std::vector<std::string>& names, std::size_t index) {
  return "\"" + shown_class(names, index) + "\"";
}

// The first `count` examples of a class that is gone through again and again, in an order of its
// own each time.
void append_cycles(const std::vector<std::uint32_t>& members, std::size_t count,
                   const Stream& stream, std::vector<std::uint32_t>& sample) {
  for (Stream cycle = stream; count > 0; ++cycle.example) {
    std::vector<std::uint32_t> order = members;
    shuffle(order, cycle);
    const std::size_t part = std::min(count, order.size());
    sample.insert(sample.end(), order.begin(), order.begin() + static_cast<std::ptrdiff_t>(part));
    count -= part;
  }
}

}  // namespace

std::vector<std::size_t> class_counts(std::span<const int> labels,
                                      std::span<const std::uint32_t> examples, int classes) {
  std::vector<std::size_t> counts(static_cast<std::size_t>(classes), 0);
  for (const std::uint32_t example : examples) ++counts[static_cast<std::size_t>(labels[example])];
  return counts;
}

std::string class_counts_text(std::span<const std::size_t> counts,
                              const std::vector<std::string>& class_names) {
  const auto smallest = std::min_element(counts.begin(), counts.end());
  const auto largest = std::max_element(counts.begin(), counts.end());
  if (*smallest == *largest) {
    return fmt::format("training images of each class: {}", *smallest);
  }
  if (counts.size() > kNamedClasses) {
    const auto text = [&](auto place) {
      const auto label = static_cast<std::size_t>(place - counts.begin());
      return fmt::format("{} ({})", *place, shown_class(class_names, label));
    };
    return fmt::format("training images of each class: from {} to {}", text(smallest),
                       text(largest));
  }
  std::string list;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    list += fmt::format("{}{} {}", i > 0 ? ", " : "", shown_class(class_names, i), counts[i]);
  }
  return "training images of each class: " + list;
}

std::optional<std::string> imbalance_warning(std::span<const std::size_t> counts,
                                             const std::vector<std::string>& class_names) {
  const auto smallest = std::min_element(counts.begin(), counts.end());
  const auto largest = std::max_element(counts.begin(), counts.end());
  if (*smallest * kUnbalanced >= *largest) return std::nullopt;
  const auto index = [&](auto place) { return static_cast<std::size_t>(place - counts.begin()); };
  if (*smallest == 0) {
    return fmt::format("class {} has no training image", quoted(class_names, index(smallest)));
  }
  return fmt::format(
      "class {} has {} training {}, class {} has {}; training.class_weights or training.sampling "
      "\"balanced\" make up for it, and balanced_accuracy of bnn-eval counts each class alike",
      quoted(class_names, index(smallest)), *smallest, *smallest == 1 ? "image" : "images",
      quoted(class_names, index(largest)), *largest);
}

std::optional<std::string> unvalidated_warning(std::span<const std::size_t> counts,
                                               std::span<const std::size_t> held_out,
                                               const std::vector<std::string>& class_names) {
  if (std::all_of(held_out.begin(), held_out.end(), [](std::size_t n) { return n == 0; })) {
    return std::nullopt;
  }
  std::size_t classes = 0, first = 0;
  for (std::size_t i = counts.size(); i-- > 0;) {
    if (held_out[i] > 0 || counts[i] == 0) continue;
    ++classes;
    first = i;
  }
  if (classes == 0) return std::nullopt;
  const std::string others = classes == 1 ? ""
                                          : fmt::format(" and of {} other {}", classes - 1,
                                                        classes == 2 ? "class" : "classes");
  return fmt::format("no image of class {}{} is held out, so validation cannot see it",
                     quoted(class_names, first), others);
}

std::vector<float> balanced_class_weights(std::span<const std::size_t> counts) {
  const double examples =
      static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::size_t{0}));
  const auto seen = static_cast<double>(
      std::count_if(counts.begin(), counts.end(), [](std::size_t count) { return count > 0; }));
  std::vector<float> weights;
  for (const std::size_t count : counts) {
    weights.push_back(
        count == 0 ? 0.0f : static_cast<float>(examples / (seen * static_cast<double>(count))));
  }
  return weights;
}

std::vector<std::vector<std::uint32_t>> examples_by_class(std::span<const int> labels,
                                                          std::span<const std::uint32_t> examples,
                                                          int classes) {
  std::vector<std::vector<std::uint32_t>> members(static_cast<std::size_t>(classes));
  for (const std::uint32_t example : examples) {
    members[static_cast<std::size_t>(labels[example])].push_back(example);
  }
  std::erase_if(members, [](const auto& of_class) { return of_class.empty(); });
  return members;
}

std::vector<std::uint32_t> balanced_sample(std::span<const int> labels,
                                           std::span<const std::uint32_t> examples, int classes,
                                           std::uint64_t seed, std::uint32_t epoch) {
  const auto members = examples_by_class(labels, examples, classes);
  std::vector<std::uint32_t> sample;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const std::size_t first = i * examples.size() / members.size();
    const std::size_t count = (i + 1) * examples.size() / members.size() - first;
    append_cycles(members[i], count,
                  {.seed = seed,
                   .site = Site::class_sampling,
                   .index = static_cast<std::uint32_t>(i),
                   .step = epoch},
                  sample);
  }
  return sample;
}

}  // namespace bnn
