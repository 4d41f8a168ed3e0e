#include "bnn/data/color_jitter.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <span>

namespace bnn {
namespace {

float grey_of(std::span<const float> pixel) {
  if (pixel.size() == 3) return 0.299f * pixel[0] + 0.587f * pixel[1] + 0.114f * pixel[2];
  return std::accumulate(pixel.begin(), pixel.end(), 0.0f) / static_cast<float>(pixel.size());
}

// Moves the values away from `middle`, or towards it.
void stretch(std::span<float> values, float middle, float factor) {
  for (float& value : values) {
    value = std::clamp(middle + factor * (value - middle), 0.0f, 255.0f);
  }
}

}  // namespace

ColorFactors random_factors(const ColorJitter& jitter, const Stream& stream) {
  std::array<float, 3> units;
  fill_uniform(stream, 0, units);
  const auto factor = [](double range, float unit) {
    return 1.0f + static_cast<float>(range) * (2.0f * unit - 1.0f);
  };
  return {factor(jitter.brightness, units[0]), factor(jitter.contrast, units[1]),
          factor(jitter.saturation, units[2])};
}

void change_colors(const std::uint8_t* image, const Shape& shape, const ColorFactors& factors,
                   float* out) {
  const auto channels = static_cast<std::size_t>(shape.channels);
  const std::span<float> values(out, shape.size());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(image[i]);
  if (factors.brightness != 1.0f) stretch(values, 0.0f, factors.brightness);
  if (factors.contrast != 1.0f) {
    double sum = 0.0;
    for (std::size_t i = 0; i < values.size(); i += channels) {
      sum += static_cast<double>(grey_of(values.subspan(i, channels)));
    }
    stretch(values, static_cast<float>(sum / static_cast<double>(shape.pixels())),
            factors.contrast);
  }
  if (factors.saturation != 1.0f && channels > 1) {
    for (std::size_t i = 0; i < values.size(); i += channels) {
      const std::span<float> pixel = values.subspan(i, channels);
      stretch(pixel, grey_of(pixel), factors.saturation);
    }
  }
}

}  // namespace bnn
