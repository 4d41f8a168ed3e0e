#include "bnn/data/loader.h"

#include <algorithm>

#include "bnn/core/random.h"
#include "bnn/data/shuffle.h"

namespace bnn {
namespace {

constexpr std::size_t kByteValues = 256;

std::vector<float> standardised_values(const Standardization& standardization) {
  std::vector<float> values;
  for (std::size_t c = 0; c < standardization.mean.size(); ++c) {
    for (std::size_t byte = 0; byte < kByteValues; ++byte) {
      const double pixel = static_cast<double>(byte) / 255.0;
      values.push_back(
          static_cast<float>((pixel - standardization.mean[c]) / standardization.std[c]));
    }
  }
  return values;
}

}  // namespace

Loader::Loader(const Dataset& data, std::vector<std::uint32_t> examples,
               const Standardization& standardization, bool flip_horizontal, int crop_padding,
               std::uint64_t seed)
    : data_(data),
      examples_(std::move(examples)),
      values_(standardised_values(standardization)),
      flip_horizontal_(flip_horizontal),
      crop_padding_(crop_padding),
      seed_(seed) {}

std::vector<std::uint32_t> Loader::epoch_order(std::uint32_t epoch) const {
  std::vector<std::uint32_t> order = examples_;
  shuffle(order, Stream{.seed = seed_, .site = Site::shuffle, .step = epoch});
  return order;
}

void Loader::fill_augmented(std::span<const std::uint32_t> chosen, std::uint32_t step,
                            float* images, int* labels) const {
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    fill_window(data_.image(chosen[i]), window_of(chosen[i], step),
                images + i * data_.shape.size());
  }
  fill_labels(chosen, labels);
}

void Loader::fill(std::span<const std::uint32_t> chosen, float* images, int* labels) const {
  const auto channels = static_cast<std::ptrdiff_t>(data_.shape.channels);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    convert(data_.image(chosen[i]), channels, data_.shape.pixels(),
            images + i * data_.shape.size());
  }
  fill_labels(chosen, labels);
}

Loader::Window Loader::window_of(std::uint32_t example, std::uint32_t step) const {
  Window window;
  if (flip_horizontal_) {
    const Stream flip{.seed = seed_, .site = Site::flip, .step = step, .example = example};
    window.mirrored = random_below(flip, 0, 2) == 1;
  }
  if (crop_padding_ > 0) {
    const Stream crop{.seed = seed_, .site = Site::crop, .step = step, .example = example};
    const auto places = static_cast<std::uint32_t>(2 * crop_padding_ + 1);
    window.row = static_cast<int>(random_below(crop, 0, places)) - crop_padding_;
    window.column = static_cast<int>(random_below(crop, 1, places)) - crop_padding_;
  }
  return window;
}

void Loader::fill_window(const std::uint8_t* image, Window window, float* out) const {
  const int height = data_.shape.height;
  const auto width = static_cast<std::size_t>(data_.shape.width);
  const std::size_t row_size = width * static_cast<std::size_t>(data_.shape.channels);
  for (int y = 0; y < height; ++y, out += row_size) {
    const int source = y + window.row;
    if (source < 0 || source >= height) {
      fill_black(width, out);
    } else {
      fill_row(image + static_cast<std::size_t>(source) * row_size, window, out);
    }
  }
}

void Loader::fill_row(const std::uint8_t* row, Window window, float* out) const {
  const int width = data_.shape.width;
  const auto channels = static_cast<std::ptrdiff_t>(data_.shape.channels);
  // The part [first, last) of the image's row is inside the window.
  const int first = std::clamp(window.column, 0, width);
  const int last = std::clamp(width + window.column, first, width);
  const auto inside = static_cast<std::size_t>(last - first);
  const auto before = static_cast<std::size_t>(std::clamp(-window.column, 0, width));
  const auto after = static_cast<std::size_t>(width) - inside - before;
  const std::size_t left = window.mirrored ? after : before;
  const std::size_t right = window.mirrored ? before : after;
  const auto size = static_cast<std::size_t>(channels);
  fill_black(left, out);
  const int start = window.mirrored ? last - 1 : first;
  const std::ptrdiff_t stride = window.mirrored ? -channels : channels;
  if (inside > 0) convert(row + start * channels, stride, inside, out + left * size);
  fill_black(right, out + (left + inside) * size);
}

void Loader::convert(const std::uint8_t* in, std::ptrdiff_t stride, std::size_t count,
                     float* out) const {
  const float* values = values_.data();
  const auto pixels = static_cast<std::ptrdiff_t>(count);
  if (data_.shape.channels == 3) {  // colour images: the inner loop unrolled
    for (std::ptrdiff_t i = 0; i < pixels; ++i, out += 3) {
      const std::uint8_t* pixel = in + i * stride;
      out[0] = values[pixel[0]];
      out[1] = values[kByteValues + pixel[1]];
      out[2] = values[2 * kByteValues + pixel[2]];
    }
    return;
  }
  const auto channels = static_cast<std::size_t>(data_.shape.channels);
  for (std::ptrdiff_t i = 0; i < pixels; ++i, out += channels) {
    const std::uint8_t* pixel = in + i * stride;
    for (std::size_t c = 0; c < channels; ++c) out[c] = values[c * kByteValues + pixel[c]];
  }
}

void Loader::fill_black(std::size_t count, float* out) const {
  const auto channels = static_cast<std::size_t>(data_.shape.channels);
  for (std::size_t pixel = 0; pixel < count; ++pixel) {
    for (std::size_t c = 0; c < channels; ++c) *out++ = values_[c * kByteValues];
  }
}

void Loader::fill_labels(std::span<const std::uint32_t> chosen, int* labels) const {
  if (labels == nullptr) return;
  for (std::size_t i = 0; i < chosen.size(); ++i) labels[i] = data_.labels[chosen[i]];
}

}  // namespace bnn
