#include "bnn/data/rotation.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "bnn/core/elementary.h"

namespace bnn {

RotatedWindow::RotatedWindow(const Shape& shape, const CropWindow& window, float degrees)
    : shape_(shape), window_(window) {
  const float turns = degrees / 360.0f;
  const SineCosine point = sine_cosine(turns - std::floor(turns));
  sine_ = point.sine;
  cosine_ = point.cosine;
}

void RotatedWindow::pixel(const float* image, int y, int x, float* out) const {
  const float centre_y = 0.5f * static_cast<float>(shape_.height - 1);
  const float centre_x = 0.5f * static_cast<float>(shape_.width - 1);
  const int row = (window_.upside_down ? shape_.height - 1 - y : y) + window_.row;
  const int column = (window_.mirrored ? shape_.width - 1 - x : x) + window_.column;
  const float dy = static_cast<float>(row) - centre_y;
  const float dx = static_cast<float>(column) - centre_x;
  const float source_y = centre_y + (sine_ * dx + cosine_ * dy);
  const float source_x = centre_x + (cosine_ * dx - sine_ * dy);
  const float above = std::floor(source_y), left = std::floor(source_x);
  const float down = source_y - above, right = source_x - left;
  const auto top = static_cast<int>(above), start = static_cast<int>(left);
  std::fill_n(out, shape_.channels, 0.0f);
  add(image, top, start, (1.0f - down) * (1.0f - right), out);
  add(image, top, start + 1, (1.0f - down) * right, out);
  add(image, top + 1, start, down * (1.0f - right), out);
  add(image, top + 1, start + 1, down * right, out);
}

void RotatedWindow::add(const float* image, int y, int x, float weight, float* out) const {
  if (y < 0 || y >= shape_.height || x < 0 || x >= shape_.width) return;
  const auto channels = static_cast<std::size_t>(shape_.channels);
  const std::size_t place = static_cast<std::size_t>(y) * static_cast<std::size_t>(shape_.width) +
                            static_cast<std::size_t>(x);
  const float* pixel = image + place * channels;
  for (std::size_t c = 0; c < channels; ++c) out[c] += weight * pixel[c];
}

}  // namespace bnn
