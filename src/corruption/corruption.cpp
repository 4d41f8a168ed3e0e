#include "bnn/corruption/corruption.h"

#include <cmath>
#include <fmt/format.h>
#include <vector>

#include "bnn/core/error.h"
#include "bnn/corruption/image_blur.h"
#include "bnn/corruption/image_noise.h"
#include "bnn/corruption/jpeg_quantisation.h"

namespace bnn {
namespace {

constexpr double kSmallSide = 32.0;

// Pixels, for an image whose shorter side is at most 32.
double length(const CorruptionInput& input) {
  const int side = std::min(input.image.height, input.image.width);
  return input.amount * std::max(1.0, side / kSmallSide);
}

void gaussian_noise(const CorruptionInput& input, std::uint8_t* out) {
  add_gaussian_noise(input.image, input.amount, input.stream, out);
}

void shot_noise(const CorruptionInput& input, std::uint8_t* out) {
  add_shot_noise(input.image, input.amount, input.stream, out);
}

void impulse_noise(const CorruptionInput& input, std::uint8_t* out) {
  add_impulse_noise(input.image, input.amount, input.stream, out);
}

void gaussian_blur(const CorruptionInput& input, std::uint8_t* out) {
  bnn::gaussian_blur(input.image, length(input), out);
}

void defocus_blur(const CorruptionInput& input, std::uint8_t* out) {
  disc_blur(input.image, length(input), out);
}

void brightness(const CorruptionInput& input, std::uint8_t* out) {
  for (std::size_t i = 0; i < input.image.size(); ++i) {
    out[i] = to_byte(input.image.bytes[i] + 255.0 * input.amount);
  }
}

void contrast(const CorruptionInput& input, std::uint8_t* out) {
  const std::size_t size = input.image.size();
  const auto channels = static_cast<std::size_t>(input.image.channels);
  for (std::size_t c = 0; c < channels; ++c) {
    double sum = 0;
    for (std::size_t i = c; i < size; i += channels) sum += input.image.bytes[i];
    const double mean = sum * static_cast<double>(channels) / static_cast<double>(size);
    for (std::size_t i = c; i < size; i += channels) {
      out[i] = to_byte(mean + input.amount * (input.image.bytes[i] - mean));
    }
  }
}

void saturation(const CorruptionInput& input, std::uint8_t* out) {
  for (std::size_t i = 0; i < input.image.size(); i += 3) {
    const std::uint8_t* rgb = input.image.bytes + i;
    const double grey = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
    for (std::size_t c = 0; c < 3; ++c) {
      out[i + c] = to_byte(grey + input.amount * (rgb[c] - grey));
    }
  }
}

// How much of each pixel of one side lies in each of the cells that share it evenly.
class Cells {
 public:
  Cells(int pixels, double share)
      : pixels_(pixels), count_(std::max(1, static_cast<int>(std::lround(pixels * share)))) {}

  int count() const { return count_; }
  /// The cell that is shown at a pixel: the one that holds its middle.
  int shown_at(int pixel) const {
    return static_cast<int>((2 * std::int64_t{pixel} + 1) * count_ / (2 * std::int64_t{pixels_}));
  }
  /// The first pixel of the cell and the one after its last.
  int first(int cell) const { return static_cast<int>(std::int64_t{cell} * pixels_ / count_); }
  int end(int cell) const {
    return static_cast<int>(((cell + std::int64_t{1}) * pixels_ + count_ - 1) / count_);
  }
  /// The part of a pixel that lies in the cell, in units of 1 / count() pixels.
  std::int64_t overlap(int cell, int pixel) const {
    const std::int64_t from = std::max(std::int64_t{cell} * pixels_, std::int64_t{pixel} * count_);
    const std::int64_t to =
        std::min((cell + std::int64_t{1}) * pixels_, (pixel + std::int64_t{1}) * count_);
    return to - from;
  }

 private:
  int pixels_, count_;
};

double cell_mean(const ByteImage& image, const Cells& rows, int row_cell, const Cells& columns,
                 int column_cell, int channel) {
  double sum = 0, area = 0;
  for (int row = rows.first(row_cell); row < rows.end(row_cell); ++row) {
    for (int column = columns.first(column_cell); column < columns.end(column_cell); ++column) {
      const auto weight =
          static_cast<double>(rows.overlap(row_cell, row) * columns.overlap(column_cell, column));
      sum += weight * image.at(row, column, channel);
      area += weight;
    }
  }
  return sum / area;
}

void pixelate(const CorruptionInput& input, std::uint8_t* out) {
  const ByteImage& image = input.image;
  const Cells rows(image.height, input.amount), columns(image.width, input.amount);
  const auto channels = static_cast<std::size_t>(image.channels);
  std::vector<std::uint8_t> small;  // [row cell][column cell][channel]
  for (int i = 0; i < rows.count(); ++i) {
    for (int j = 0; j < columns.count(); ++j) {
      for (int c = 0; c < image.channels; ++c) {
        small.push_back(to_byte(cell_mean(image, rows, i, columns, j, c)));
      }
    }
  }
  for (int row = 0; row < image.height; ++row) {
    for (int column = 0; column < image.width; ++column) {
      const auto cell =
          static_cast<std::size_t>(rows.shown_at(row)) * static_cast<std::size_t>(columns.count()) +
          static_cast<std::size_t>(columns.shown_at(column));
      std::copy_n(small.data() + cell * channels, channels, out + image.offset(row, column));
    }
  }
}

void jpeg_quantisation(const CorruptionInput& input, std::uint8_t* out) {
  jpeg_quantise(input.image, static_cast<int>(input.amount), out);
}

void translation(const CorruptionInput& input, std::uint8_t* out) {
  const ByteImage& image = input.image;
  const int shift = static_cast<int>(std::lround(length(input)));
  // The eight neighbours of the middle of a 3 x 3 grid.
  const auto drawn = static_cast<int>(random_below(input.stream, 0, 8));
  const int place = drawn < 4 ? drawn : drawn + 1;
  const int down = (place / 3 - 1) * shift, right = (place % 3 - 1) * shift;
  const auto channels = static_cast<std::size_t>(image.channels);
  for (int row = 0; row < image.height; ++row) {
    for (int column = 0; column < image.width; ++column) {
      const int y = std::clamp(row - down, 0, image.height - 1);
      const int x = std::clamp(column - right, 0, image.width - 1);
      std::copy_n(image.bytes + image.offset(y, x), channels, out + image.offset(row, column));
    }
  }
}

constexpr std::array<Corruption, 11> kCorruptions = {{
    {"gaussian_noise", 0, {0.04, 0.07, 0.11, 0.16, 0.22}, gaussian_noise},
    {"shot_noise", 1, {500, 200, 100, 50, 25}, shot_noise},
    {"impulse_noise", 2, {0.01, 0.03, 0.06, 0.10, 0.15}, impulse_noise},
    {"gaussian_blur", 3, {0.5, 0.7, 0.9, 1.2, 1.6}, gaussian_blur},
    {"defocus_blur", 4, {0.8, 1.1, 1.5, 2.0, 2.6}, defocus_blur},
    {"brightness", 5, {0.05, 0.10, 0.15, 0.22, 0.30}, brightness},
    {"contrast", 6, {0.75, 0.55, 0.40, 0.27, 0.15}, contrast},
    {"saturation", 7, {0.75, 0.50, 0.30, 0.15, 0}, saturation, true},
    {"pixelate", 8, {0.80, 0.65, 0.50, 0.40, 0.30}, pixelate},
    {"jpeg_quantisation", 9, {70, 45, 25, 15, 8}, jpeg_quantisation},
    {"translation", 10, {1, 2, 3, 4, 6}, translation},
}};

}  // namespace

std::span<const Corruption> corruptions() { return kCorruptions; }

std::string corruption_names() {
  std::string names;
  for (const Corruption& corruption : kCorruptions) {
    names += (names.empty() ? "" : ", ") + std::string(corruption.name);
  }
  return names;
}

const Corruption& find_corruption(std::string_view name) {
  for (const Corruption& corruption : kCorruptions) {
    if (corruption.name == name) return corruption;
  }
  throw Error(ErrorKind::usage, fmt::format("there is no corruption \"{}\"; expected some of {}",
                                            name, corruption_names()));
}

void corrupt_image(const Corruption& corruption, int severity, std::uint64_t seed,
                   std::uint32_t index, const ByteImage& image, std::uint8_t* out) {
  if (severity < 1 || severity > kSeverities) {
    throw Error(ErrorKind::internal, fmt::format("severity {} of a corruption", severity));
  }
  const double amount = corruption.amounts[static_cast<std::size_t>(severity - 1)];
  const Stream stream{
      .seed = seed, .site = Site::corruption, .index = corruption.stream_index, .example = index};
  corruption.apply({image, amount, stream}, out);
}

void corrupt_images(const Corruption& corruption, int severity, std::uint64_t seed,
                    const Dataset& clean, std::span<const std::uint32_t> chosen, ThreadPool& pool,
                    Dataset& out) {
  const Shape& shape = clean.shape();
  pool.run(chosen.size(), [&](std::size_t i, int) {
    const std::uint32_t example = chosen[i];
    const ByteImage image{shape.height, shape.width, shape.channels, clean.image(example).data()};
    corrupt_image(corruption, severity, seed, clean.stream_name(example), image,
                  out.writable_image(example).data());
  });
}

}  // namespace bnn
