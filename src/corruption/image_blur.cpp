#include "bnn/corruption/image_blur.h"

#include <cmath>
#include <cstddef>

namespace bnn {
namespace {

// Where the mirrored continuation takes position `at` of `size` from.
int mirrored(int at, int size) {
  const int period = 2 * size;
  const int place = ((at % period) + period) % period;
  return place < size ? place : period - 1 - place;
}

// The sources of positions -radius … size - 1 + radius.
std::vector<int> mirrored_positions(int size, int radius) {
  std::vector<int> positions;
  for (int at = -radius; at < size + radius; ++at) positions.push_back(mirrored(at, size));
  return positions;
}

void normalise(std::vector<double>& weights) {
  double sum = 0;
  for (const double weight : weights) sum += weight;
  for (double& weight : weights) weight /= sum;
}

}  // namespace

BlurKernel gaussian_row(double deviation) {
  BlurKernel row{static_cast<int>(std::ceil(3 * deviation)), {}};
  for (int i = -row.radius; i <= row.radius; ++i) {
    row.weights.push_back(std::exp(-0.5 * i * i / (deviation * deviation)));
  }
  normalise(row.weights);
  return row;
}

BlurKernel disc_kernel(double radius) {
  constexpr int kPoints = 8;
  BlurKernel kernel{static_cast<int>(std::ceil(std::max(radius - 0.5, 0.0))), {}};
  const auto coordinate = [](int pixel, int point) {
    return pixel - 0.5 + (point + 0.5) / kPoints;
  };
  for (int row = -kernel.radius; row <= kernel.radius; ++row) {
    for (int column = -kernel.radius; column <= kernel.radius; ++column) {
      int covered = 0;
      for (int point = 0; point < kPoints * kPoints; ++point) {
        const double y = coordinate(row, point / kPoints);
        const double x = coordinate(column, point % kPoints);
        covered += y * y + x * x <= radius * radius ? 1 : 0;
      }
      kernel.weights.push_back(covered);
    }
  }
  // A disc that is smaller than the distance of two points may cover none.
  if (kernel.radius == 0) kernel.weights = {1.0};
  normalise(kernel.weights);
  return kernel;
}

void gaussian_blur(const ByteImage& image, double deviation, std::uint8_t* out) {
  const BlurKernel row_kernel = gaussian_row(deviation);
  const std::vector<int> rows = mirrored_positions(image.height, row_kernel.radius);
  const std::vector<int> columns = mirrored_positions(image.width, row_kernel.radius);
  const std::size_t taps = row_kernel.weights.size();
  const auto channels = static_cast<std::size_t>(image.channels);

  std::vector<double> across(image.size(), 0.0);  // blurred along the rows
  for (int row = 0; row < image.height; ++row) {
    for (int column = 0; column < image.width; ++column) {
      double* sum = across.data() + image.offset(row, column);
      for (std::size_t tap = 0; tap < taps; ++tap) {
        const int source = columns[static_cast<std::size_t>(column) + tap];
        const std::uint8_t* pixel = image.bytes + image.offset(row, source);
        for (std::size_t c = 0; c < channels; ++c) sum[c] += row_kernel.weights[tap] * pixel[c];
      }
    }
  }
  const std::size_t row_size = image.offset(1, 0);
  std::vector<double> sum(row_size);
  for (int row = 0; row < image.height; ++row) {
    sum.assign(row_size, 0.0);
    for (std::size_t tap = 0; tap < taps; ++tap) {
      const int source = rows[static_cast<std::size_t>(row) + tap];
      const double* line = across.data() + image.offset(source, 0);
      for (std::size_t i = 0; i < row_size; ++i) sum[i] += row_kernel.weights[tap] * line[i];
    }
    for (std::size_t i = 0; i < row_size; ++i) out[image.offset(row, 0) + i] = to_byte(sum[i]);
  }
}

void disc_blur(const ByteImage& image, double radius, std::uint8_t* out) {
  const BlurKernel kernel = disc_kernel(radius);
  const std::vector<int> rows = mirrored_positions(image.height, kernel.radius);
  const std::vector<int> columns = mirrored_positions(image.width, kernel.radius);
  const auto side = static_cast<std::size_t>(2 * kernel.radius + 1);
  const auto channels = static_cast<std::size_t>(image.channels);
  std::vector<double> sum(channels);
  for (int row = 0; row < image.height; ++row) {
    for (int column = 0; column < image.width; ++column) {
      sum.assign(channels, 0.0);
      for (std::size_t tap = 0; tap < side * side; ++tap) {
        if (kernel.weights[tap] == 0) continue;
        const int y = rows[static_cast<std::size_t>(row) + tap / side];
        const int x = columns[static_cast<std::size_t>(column) + tap % side];
        const std::uint8_t* pixel = image.bytes + image.offset(y, x);
        for (std::size_t c = 0; c < channels; ++c) sum[c] += kernel.weights[tap] * pixel[c];
      }
      std::uint8_t* target = out + image.offset(row, column);
      for (std::size_t c = 0; c < channels; ++c) target[c] = to_byte(sum[c]);
    }
  }
}

}  // namespace bnn
