#pragma once
// The batches of training: the order of an epoch and augmented images, standardised, of which some
// are mixtures of two (mixup.h).
//
// All are pure functions of (seed, epoch or step, dataset index), so a resumed run sees the same
// batches and nothing depends on threads or on the composition of a batch.
//
// Immutable, thread-safe; fill_augmented allocates at most two images. The dataset must outlive the
// loader.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bnn/core/enum_names.h"
#include "bnn/data/augmentation.h"
#include "bnn/data/dataset.h"
#include "bnn/data/image_augmenter.h"
#include "bnn/data/mixup.h"

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

  /// Whether examples are mixed.
  bool mixes() const { return augmentation_.mixup > 0.0; }

  /// What an example is mixed with in a step: another one of those that epochs visit, each equally
  /// likely; with Sampling::balanced each class. Call only if mixes().
  Mixture mixture(std::uint32_t step, std::uint32_t example) const;

  /// Writes augmented images [chosen.size()][shape] of the dataset indices `chosen`, mixed if
  /// mixes(): s times the image of the example and 1 - s times that of its partner, each augmented
  /// as if it stood alone.
  void fill_augmented(std::span<const std::uint32_t> chosen, std::uint32_t step,
                      float* images) const;

 private:
  void fill_one(std::uint32_t example, std::uint32_t step, std::span<float> scratch,
                float* image) const;

  const Dataset& data_;
  std::vector<std::uint32_t> examples_;
  std::vector<std::vector<std::uint32_t>> partners_;  // by class if sampling is balanced
  ImageAugmenter augmenter_;
  Augmentation augmentation_;
  std::uint64_t seed_;
  Sampling sampling_;
};

}  // namespace bnn
