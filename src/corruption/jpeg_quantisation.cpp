#include "bnn/corruption/jpeg_quantisation.h"

#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

namespace bnn {
namespace {

constexpr int kSide = 8;
constexpr double kMiddle = 128.0;  // luminance is centred on 0

// Annex K.1 of T.81.
constexpr std::array<int, 64> kLuminance = {16, 11, 10, 16, 24,  40,  51,  61,   //
                                            12, 12, 14, 19, 26,  58,  60,  55,   //
                                            14, 13, 16, 24, 40,  57,  69,  56,   //
                                            14, 17, 22, 29, 51,  87,  80,  62,   //
                                            18, 22, 37, 56, 68,  109, 103, 77,   //
                                            24, 35, 55, 64, 81,  104, 113, 92,   //
                                            49, 64, 78, 87, 103, 121, 120, 101,  //
                                            72, 92, 95, 98, 112, 100, 103, 99};
constexpr std::array<int, 64> kChrominance = {17, 18, 24, 47, 99, 99, 99, 99,  //
                                              18, 21, 26, 66, 99, 99, 99, 99,  //
                                              24, 26, 56, 99, 99, 99, 99, 99,  //
                                              47, 66, 99, 99, 99, 99, 99, 99,  //
                                              99, 99, 99, 99, 99, 99, 99, 99,  //
                                              99, 99, 99, 99, 99, 99, 99, 99,  //
                                              99, 99, 99, 99, 99, 99, 99, 99,  //
                                              99, 99, 99, 99, 99, 99, 99, 99};

std::array<int, 64> scaled(const std::array<int, 64>& table, int quality) {
  const int scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
  std::array<int, 64> result;
  for (std::size_t i = 0; i < table.size(); ++i) {
    result[i] = std::clamp((table[i] * scale + 50) / 100, 1, 255);
  }
  return result;
}

// Row u of the orthonormal transform: c(u) cos((2 x + 1) u pi / 16), c(0) = sqrt(1/8), else 1/2.
Block8x8 make_basis() {
  Block8x8 basis;
  for (std::size_t u = 0; u < kSide; ++u) {
    for (std::size_t x = 0; x < kSide; ++x) {
      const double angle = static_cast<double>((2 * x + 1) * u) * std::numbers::pi / 16;
      basis[u * kSide + x] = (u == 0 ? std::sqrt(0.125) : 0.5) * std::cos(angle);
    }
  }
  return basis;
}

const Block8x8& basis() {
  static const Block8x8 matrix = make_basis();
  return matrix;
}

// left * right, each transposed first if asked for.
Block8x8 product(const Block8x8& left, bool transpose_left, const Block8x8& right,
                 bool transpose_right) {
  constexpr std::size_t n = kSide;
  Block8x8 result;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k < n; ++k) {
        sum += (transpose_left ? left[k * n + i] : left[i * n + k]) *
               (transpose_right ? right[j * n + k] : right[k * n + j]);
      }
      result[i * n + j] = sum;
    }
  }
  return result;
}

Block8x8 quantised(const Block8x8& pixels, const std::array<int, 64>& table) {
  Block8x8 coefficients = discrete_cosine_transform(pixels);
  for (std::size_t i = 0; i < coefficients.size(); ++i) {
    coefficients[i] = std::round(coefficients[i] / table[i]) * table[i];
  }
  return inverse_discrete_cosine_transform(coefficients);
}

// One channel, or one of Y, Cb, Cr, centred on 0: [row][column].
struct Plane {
  int height, width;
  std::vector<double> values;

  double& at(int row, int column) {
    return values[static_cast<std::size_t>(row) * static_cast<std::size_t>(width) +
                  static_cast<std::size_t>(column)];
  }
};

void quantise(Plane& plane, const std::array<int, 64>& table) {
  for (int top = 0; top < plane.height; top += kSide) {
    for (int left = 0; left < plane.width; left += kSide) {
      Block8x8 block;
      for (int i = 0; i < kSide * kSide; ++i) {
        const int row = std::min(top + i / kSide, plane.height - 1);
        const int column = std::min(left + i % kSide, plane.width - 1);
        block[static_cast<std::size_t>(i)] = plane.at(row, column);
      }
      block = quantised(block, table);
      for (int row = top; row < std::min(top + kSide, plane.height); ++row) {
        for (int column = left; column < std::min(left + kSide, plane.width); ++column) {
          plane.at(row, column) =
              block[static_cast<std::size_t>((row - top) * kSide + column - left)];
        }
      }
    }
  }
}

void quantise_grey(const ByteImage& image, const std::array<int, 64>& table, std::uint8_t* out) {
  const auto channels = static_cast<std::size_t>(image.channels);
  const std::size_t pixels = image.size() / channels;
  Plane plane{image.height, image.width, std::vector<double>(pixels)};
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t i = 0; i < pixels; ++i) {
      plane.values[i] = image.bytes[i * channels + c] - kMiddle;
    }
    quantise(plane, table);
    for (std::size_t i = 0; i < pixels; ++i) {
      out[i * channels + c] = to_byte(plane.values[i] + kMiddle);
    }
  }
}

void quantise_colour(const ByteImage& image, int quality, std::uint8_t* out) {
  const std::size_t pixels = image.size() / 3;
  Plane y{image.height, image.width, std::vector<double>(pixels)};
  Plane blue = y, red = y;  // Cb and Cr
  for (std::size_t i = 0; i < pixels; ++i) {
    const double r = image.bytes[3 * i], g = image.bytes[3 * i + 1], b = image.bytes[3 * i + 2];
    const double luminance = 0.299 * r + 0.587 * g + 0.114 * b;
    y.values[i] = luminance - kMiddle;
    blue.values[i] = (b - luminance) / 1.772;
    red.values[i] = (r - luminance) / 1.402;
  }
  quantise(y, luminance_quantisation(quality));
  const std::array<int, 64> chrominance = chrominance_quantisation(quality);
  quantise(blue, chrominance);
  quantise(red, chrominance);
  for (std::size_t i = 0; i < pixels; ++i) {
    const double luminance = y.values[i] + kMiddle;
    const double r = luminance + 1.402 * red.values[i];
    const double b = luminance + 1.772 * blue.values[i];
    out[3 * i] = to_byte(r);
    out[3 * i + 1] = to_byte((luminance - 0.299 * r - 0.114 * b) / 0.587);
    out[3 * i + 2] = to_byte(b);
  }
}

}  // namespace

Block8x8 discrete_cosine_transform(const Block8x8& pixels) {
  return product(product(basis(), false, pixels, false), false, basis(), true);
}

Block8x8 inverse_discrete_cosine_transform(const Block8x8& coefficients) {
  return product(product(basis(), true, coefficients, false), false, basis(), false);
}

std::array<int, 64> luminance_quantisation(int quality) { return scaled(kLuminance, quality); }

std::array<int, 64> chrominance_quantisation(int quality) { return scaled(kChrominance, quality); }

void jpeg_quantise(const ByteImage& image, int quality, std::uint8_t* out) {
  if (image.channels == 3) {
    quantise_colour(image, quality, out);
  } else {
    quantise_grey(image, luminance_quantisation(quality), out);
  }
}

}  // namespace bnn
