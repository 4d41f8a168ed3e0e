#include "bnn/corruption/image_noise.h"

#include <array>
#include <cmath>
#include <optional>
#include <vector>

namespace bnn {
namespace {

constexpr double kWhite = 255.0;

// The quantile function of a Poisson distribution. Searches begin at the mode and so take about as
// many steps as the standard deviation; probabilities come from their ratios P(k) / P(k - 1) =
// mean / k and from their sum, which needs no factorial.
class PoissonQuantile {
 public:
  explicit PoissonQuantile(double mean) : mean_(mean), mode_(static_cast<int>(mean)) {
    double below = 0, above = 0;
    double ratio = 1;  // to the mode's probability
    for (int k = mode_; k > 0 && ratio > kNegligible; --k) below += ratio *= k / mean_;
    ratio = 1;
    for (int k = mode_ + 1; ratio > kNegligible; ++k) above += ratio *= mean_ / k;
    const double total = below + 1 + above;
    mode_probability_ = 1 / total;
    up_to_mode_ = (below + 1) / total;
  }

  /// The smallest k with P(0) + … + P(k) >= u, for u in (0, 1).
  int operator()(double u) const {
    int k = mode_;
    double probability = mode_probability_, up_to_k = up_to_mode_;
    while (k > 0 && u <= up_to_k - probability) {
      up_to_k -= probability;
      probability *= k / mean_;
      --k;
    }
    while (u > up_to_k && probability > kNegligible) {
      ++k;
      probability *= mean_ / k;
      up_to_k += probability;
    }
    return k;
  }

 private:
  static constexpr double kNegligible = 1e-18;  // far below the spacing of uniform numbers, 2^-24

  double mean_;
  int mode_;
  double mode_probability_ = 0, up_to_mode_ = 0;
};

}  // namespace

void add_gaussian_noise(const ByteImage& image, double deviation, const Stream& stream,
                        std::uint8_t* out) {
  std::vector<float> normal(image.size());
  fill_normal(stream, 0, normal);
  for (std::size_t i = 0; i < normal.size(); ++i) {
    out[i] = to_byte(image.bytes[i] + kWhite * deviation * static_cast<double>(normal[i]));
  }
}

void add_shot_noise(const ByteImage& image, double photons, const Stream& stream,
                    std::uint8_t* out) {
  std::vector<float> uniform(image.size());
  fill_uniform(stream, 0, uniform);
  std::array<std::optional<PoissonQuantile>, 256> quantiles;  // of the byte values that occur
  for (std::size_t i = 0; i < uniform.size(); ++i) {
    const std::uint8_t byte = image.bytes[i];
    if (!quantiles[byte]) quantiles[byte].emplace(photons * byte / kWhite);
    const int count = (*quantiles[byte])(static_cast<double>(uniform[i]));
    out[i] = to_byte(kWhite * count / photons);
  }
}

void add_impulse_noise(const ByteImage& image, double share, const Stream& stream,
                       std::uint8_t* out) {
  // One number says whether a byte is hit, another one how: the bytes hit at a smaller share are
  // among those of a larger one, and become the same.
  std::vector<float> uniform(2 * image.size());
  fill_uniform(stream, 0, uniform);
  for (std::size_t i = 0; i < image.size(); ++i) {
    const bool hit = static_cast<double>(uniform[i]) < share;
    const bool white = uniform[image.size() + i] < 0.5f;
    out[i] = hit ? (white ? 255 : 0) : image.bytes[i];
  }
}

}  // namespace bnn
