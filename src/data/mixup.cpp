#include "bnn/data/mixup.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace bnn {
namespace {

// The centre of one of 2^32 cells of (-1, 1); never 0.
double coordinate(const Stream& stream, std::size_t i) {
  return (static_cast<double>(random_word(stream, i)) + 0.5) * 0x1p-31 - 1.0;
}

struct DiscPoint {
  double x, radius_square;
};

// The first point of the square that lies in the disc; pi / 4 of them do.
DiscPoint disc_point(const Stream& stream) {
  for (std::size_t i = 0;; i += 2) {
    const double x = coordinate(stream, i), y = coordinate(stream, i + 1);
    const double square = x * x + y * y;
    if (square < 1.0) return {x, square};
  }
}

}  // namespace

double symmetric_beta(const Stream& stream, double alpha) {
  const DiscPoint point = disc_point(stream);
  const double cosine = point.x / std::sqrt(point.radius_square);
  const double q = std::pow(point.radius_square, 1.0 / alpha);
  // t / sqrt(2 alpha + t^2), without the division by q, which may be 0.
  const double share = cosine * std::sqrt((1.0 - q) / (q + (1.0 - q) * cosine * cosine));
  return std::clamp(0.5 + 0.5 * share, 0.0, 1.0);
}

float mixture_share(const Stream& stream, double alpha) {
  const double share = symmetric_beta(stream, alpha);
  return static_cast<float>(std::max(share, 1.0 - share));
}

}  // namespace bnn
