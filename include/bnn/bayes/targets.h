#pragma once
// What was observed of examples: the y of p(y | x, w).
//
// A target is a class, or a few numbers: a distribution over classes (a soft target) or a vector of
// reals. Only the likelihood knows what they mean; everything between the data and the likelihood
// hands them on. Both types are views: what they look at must outlive them.

#include <cstddef>
#include <span>

namespace bnn {

/// What was observed of one example.
struct Target {
  int label = 0;                       // the class, unless there are values
  std::span<const float> values = {};  // empty: the target is a class
};

/// The targets of examples 0, 1, …, all of one kind.
class Targets {
 public:
  Targets() = default;
  /// One class per example.
  explicit Targets(std::span<const int> labels) : labels_(labels) {}
  /// `width` numbers per example: [example][width].
  /// @param width at least 1
  Targets(std::span<const float> values, std::size_t width) : values_(values), width_(width) {}

  std::size_t size() const { return width_ == 0 ? labels_.size() : values_.size() / width_; }
  /// Numbers of each target; 0 if targets are classes.
  std::size_t width() const { return width_; }

  Target operator[](std::size_t example) const {
    if (width_ == 0) return {.label = labels_[example]};
    return {.values = values_.subspan(example * width_, width_)};
  }

 private:
  std::span<const int> labels_ = {};
  std::span<const float> values_ = {};
  std::size_t width_ = 0;
};

}  // namespace bnn
