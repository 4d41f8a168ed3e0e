#include "bnn/data/standardizer.h"

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

Standardizer::Standardizer(const Standardization& standardization)
    : channels_(standardization.mean.size()), values_(standardised_values(standardization)) {}

void Standardizer::fill(const Dataset& data, std::span<const std::uint32_t> chosen,
                        float* images) const {
  const std::size_t size = data.shape().size();
  for (const std::uint32_t example : chosen) {
    convert(data.image(example).data(), static_cast<std::ptrdiff_t>(channels_),
            data.shape().pixels(), images);
    images += size;
  }
}

void Standardizer::convert(const std::uint8_t* pixels, std::ptrdiff_t stride, std::size_t count,
                           float* out) const {
  const float* values = values_.data();
  const auto last = static_cast<std::ptrdiff_t>(count);
  if (channels_ == 3) {  // colour images: the inner loop unrolled
    for (std::ptrdiff_t i = 0; i < last; ++i, out += 3) {
      const std::uint8_t* pixel = pixels + i * stride;
      out[0] = values[pixel[0]];
      out[1] = values[kByteValues + pixel[1]];
      out[2] = values[2 * kByteValues + pixel[2]];
    }
    return;
  }
  for (std::ptrdiff_t i = 0; i < last; ++i, out += channels_) {
    const std::uint8_t* pixel = pixels + i * stride;
    for (std::size_t c = 0; c < channels_; ++c) out[c] = values[c * kByteValues + pixel[c]];
  }
}

void Standardizer::convert(std::size_t count, float* pixels) const {
  for (std::size_t pixel = 0; pixel < count; ++pixel) {
    for (std::size_t c = 0; c < channels_; ++c, ++pixels) {
      const float black = values_[c * kByteValues], white = values_[c * kByteValues + 255];
      *pixels = black + *pixels * ((white - black) / 255.0f);
    }
  }
}

void Standardizer::fill_black(std::size_t count, float* out) const {
  for (std::size_t pixel = 0; pixel < count; ++pixel) {
    for (std::size_t c = 0; c < channels_; ++c) *out++ = values_[c * kByteValues];
  }
}

}  // namespace bnn
