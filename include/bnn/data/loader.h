#pragma once
// From bytes to batches: order of visits, standardisation, augmentation. All are pure functions of
// (seed, epoch or step, dataset index), so a resumed run sees the same batches and nothing depends
// on threads or on the composition of a batch.
//
// Augmentation is the usual recipe for CIFAR: the image is padded on every side by `crop_padding`
// black pixels (byte 0, before standardisation), a window of the original size is cut out at a
// uniform place, and half of the windows are mirrored left to right.
//
// Immutable, thread-safe; the fill functions allocate nothing. The dataset must outlive the loader.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bnn/data/dataset.h"

namespace bnn {

class Loader {
 public:
  /// @param examples dataset indices: what an epoch visits.
  /// @param standardization one mean and one std per channel.
  Loader(const Dataset& data, std::vector<std::uint32_t> examples,
         const Standardization& standardization, bool flip_horizontal, int crop_padding,
         std::uint64_t seed);

  /// How many examples an epoch visits.
  std::size_t examples() const { return examples_.size(); }

  /// The order in which an epoch visits the examples: dataset indices, shuffled by the seed.
  std::vector<std::uint32_t> epoch_order(std::uint32_t epoch) const;

  /// Writes augmented images [chosen.size()][shape] and labels of the dataset indices `chosen`.
  /// `labels` may be null, and must be if the dataset has none.
  void fill_augmented(std::span<const std::uint32_t> chosen, std::uint32_t step, float* images,
                      int* labels) const;

  /// The same without augmentation, for evaluation.
  void fill(std::span<const std::uint32_t> chosen, float* images, int* labels) const;

 private:
  // Where the window lies in the image that it is cut from.
  struct Window {
    int row = 0, column = 0;
    bool mirrored = false;
  };

  Window window_of(std::uint32_t example, std::uint32_t step) const;
  void fill_window(const std::uint8_t* image, Window window, float* out) const;
  void fill_row(const std::uint8_t* row, Window window, float* out) const;
  void fill_labels(std::span<const std::uint32_t> chosen, int* labels) const;
  // Converts `count` pixels that lie `stride` bytes apart.
  void convert(const std::uint8_t* in, std::ptrdiff_t stride, std::size_t count, float* out) const;
  void fill_black(std::size_t count, float* out) const;

  const Dataset& data_;
  std::vector<std::uint32_t> examples_;
  std::vector<float> values_;  // [channel][byte], standardised
  bool flip_horizontal_;
  int crop_padding_;
  std::uint64_t seed_;
};

}  // namespace bnn
