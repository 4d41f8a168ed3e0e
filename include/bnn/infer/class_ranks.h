#pragma once
// How well the probability of each class tells its examples from the others: the area under the
// receiver operating characteristic, one class against the rest.
//
//     AUROC_k = P(p_k of an example of k > p_k of another) + 1/2 P(they are equal)
//
// (Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27, 2006). It depends on
// the set of examples alone, not on their order. Thread-safe after construction.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bnn/infer/undefined.h"

namespace bnn {

class ClassRanks {
 public:
  /// Takes 4 bytes for each probability.
  /// @param probabilities [examples][classes]
  ClassRanks(std::vector<int> labels, std::span<const float> probabilities, std::size_t classes);

  std::size_t classes() const { return classes_; }

  /// AUROC of a class in several resamples at once; NaN where all examples are of the class, or
  /// none is.
  /// @param times [examples][lanes]: how often each resample has each example
  template <std::size_t lanes>
  std::array<double, lanes> auroc(std::size_t k, const float* times) const {
    using Lanes = std::array<double, lanes>;
    Lanes area{}, positives{}, negatives{}, tied_positives{}, tied_negatives{};
    const auto end_ties = [&] {
      for (std::size_t l = 0; l < lanes; ++l) {
        area[l] += tied_positives[l] * (negatives[l] + tied_negatives[l] / 2);
        positives[l] += tied_positives[l];
        negatives[l] += tied_negatives[l];
      }
      tied_positives = tied_negatives = {};
    };
    for (const std::uint32_t place :
         std::span(order_).subspan(k * labels_.size(), labels_.size())) {
      if ((place & kHigher) != 0) end_ties();
      const std::size_t example = place & ~kHigher;
      Lanes& tied = labels_[example] == static_cast<int>(k) ? tied_positives : tied_negatives;
      for (std::size_t l = 0; l < lanes; ++l) {
        tied[l] += static_cast<double>(times[example * lanes + l]);
      }
    }
    end_ties();
    for (std::size_t l = 0; l < lanes; ++l) area[l] = ratio(area[l], positives[l] * negatives[l]);
    return area;
  }

 private:
  static constexpr std::uint32_t kHigher = 1u << 31;  // than the probability before

  std::size_t classes_;
  std::vector<int> labels_;
  std::vector<std::uint32_t> order_;  // [classes][examples], ascending by probability
};

}  // namespace bnn
