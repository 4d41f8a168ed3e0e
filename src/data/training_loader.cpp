#include "bnn/data/training_loader.h"

#include <algorithm>

#include "bnn/core/random.h"
#include "bnn/data/class_balance.h"
#include "bnn/data/shuffle.h"

namespace bnn {

TrainingLoader::TrainingLoader(const Dataset& data, std::vector<std::uint32_t> examples,
                               const Standardization& standardization,
                               const Augmentation& augmentation, std::uint64_t seed,
                               Sampling sampling)
    : data_(data),
      examples_(std::move(examples)),
      standardizer_(standardization),
      augmentation_(augmentation),
      seed_(seed),
      sampling_(sampling) {}

std::vector<std::uint32_t> TrainingLoader::epoch_order(std::uint32_t epoch) const {
  std::vector<std::uint32_t> order =
      sampling_ == Sampling::shuffle
          ? examples_
          : balanced_sample(data_.labels(), examples_, data_.classes(), seed_, epoch);
  shuffle(order, Stream{.seed = seed_, .site = Site::shuffle, .step = epoch});
  return order;
}

void TrainingLoader::fill_augmented(std::span<const std::uint32_t> chosen, std::uint32_t step,
                                    float* images) const {
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    fill_window(data_.image(chosen[i]).data(), random_window(augmentation_, seed_, step, chosen[i]),
                images + i * data_.shape().size());
  }
}

void TrainingLoader::fill_window(const std::uint8_t* image, CropWindow window, float* out) const {
  const int height = data_.shape().height;
  const auto width = static_cast<std::size_t>(data_.shape().width);
  const std::size_t row_size = width * static_cast<std::size_t>(data_.shape().channels);
  for (int y = 0; y < height; ++y, out += row_size) {
    const int source = y + window.row;
    if (source < 0 || source >= height) {
      standardizer_.fill_black(width, out);
    } else {
      fill_row(image + static_cast<std::size_t>(source) * row_size, window, out);
    }
  }
}

void TrainingLoader::fill_row(const std::uint8_t* row, CropWindow window, float* out) const {
  const int width = data_.shape().width;
  const auto channels = static_cast<std::ptrdiff_t>(data_.shape().channels);
  // The part [first, last) of the image's row is inside the window.
  const int first = std::clamp(window.column, 0, width);
  const int last = std::clamp(width + window.column, first, width);
  const auto inside = static_cast<std::size_t>(last - first);
  const auto before = static_cast<std::size_t>(std::clamp(-window.column, 0, width));
  const auto after = static_cast<std::size_t>(width) - inside - before;
  const std::size_t left = window.mirrored ? after : before;
  const std::size_t right = window.mirrored ? before : after;
  const auto size = static_cast<std::size_t>(channels);
  standardizer_.fill_black(left, out);
  const int start = window.mirrored ? last - 1 : first;
  const std::ptrdiff_t stride = window.mirrored ? -channels : channels;
  if (inside > 0) {
    standardizer_.convert(row + start * channels, stride, inside, out + left * size);
  }
  standardizer_.fill_black(right, out + (left + inside) * size);
}

}  // namespace bnn
