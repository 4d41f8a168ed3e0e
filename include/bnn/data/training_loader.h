#pragma once
// The batches of training: the order of an epoch and augmented images, standardised.
//
// Both are pure functions of (seed, epoch or step, dataset index), so a resumed run sees the same
// batches and nothing depends on threads or on the composition of a batch.
//
// Immutable, thread-safe; fill_augmented allocates nothing. The dataset must outlive the loader.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bnn/core/enum_names.h"
#include "bnn/data/augmentation.h"
#include "bnn/data/dataset.h"
#include "bnn/data/standardizer.h"

namespace bnn {

/// Which examples an epoch visits: each one once, or each class equally often.
enum class Sampling { shuffle, balanced };

constexpr EnumNames<Sampling, 2> kSamplingNames = {
    {{Sampling::shuffle, "shuffle"}, {Sampling::balanced, "balanced"}}};

class TrainingLoader {
 public:
  /// @param examples dataset indices: what an epoch visits.
  /// @param standardization one mean and one std per channel.
  TrainingLoader(const Dataset& data, std::vector<std::uint32_t> examples,
                 const Standardization& standardization, const Augmentation& augmentation,
                 std::uint64_t seed, Sampling sampling = Sampling::shuffle);

  /// How many examples an epoch visits.
  std::size_t examples() const { return examples_.size(); }

  /// The order in which an epoch visits examples: dataset indices, shuffled by the seed. With
  /// Sampling::balanced some come several times and some not at all (class_balance.h).
  std::vector<std::uint32_t> epoch_order(std::uint32_t epoch) const;

  /// Writes augmented images [chosen.size()][shape] of the dataset indices `chosen`.
  void fill_augmented(std::span<const std::uint32_t> chosen, std::uint32_t step,
                      float* images) const;

 private:
  void fill_window(const std::uint8_t* image, CropWindow window, float* out) const;
  void fill_row(const std::uint8_t* row, CropWindow window, float* out) const;

  const Dataset& data_;
  std::vector<std::uint32_t> examples_;
  Standardizer standardizer_;
  Augmentation augmentation_;
  std::uint64_t seed_;
  Sampling sampling_;
};

}  // namespace bnn
