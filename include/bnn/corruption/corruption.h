#pragma once
// Common corruptions of images by sensors, lenses, light, storage and framing, each in five
// severities. They show how accuracy and calibration fall when test images differ from training
// images. The idea is that of Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to
// Common Corruptions and Perturbations" (ICLR 2019). The amounts are our own, for small images, so
// results do not compare with those on CIFAR-10-C.
//
// x is a byte / 255 and a the amount, of which corruptions() has one for every severity:
//   gaussian_noise     x + a z, z standard normal                                 (image_noise.h)
//   shot_noise         Poisson(a x) / a: white is a photons
//   impulse_noise      a share a of the bytes becomes 0 or 255
//   gaussian_blur      by a normal density of standard deviation a pixels         (image_blur.h)
//   defocus_blur       by a disc of radius a pixels
//   brightness         x + a
//   contrast           m + a (x - m), m the mean of the image's channel
//   saturation         g + a (x - g), g = 0.299 R + 0.587 G + 0.114 B; for three channels only
//   pixelate           averages over a times as many rows and columns, at least one, shown large
//   jpeg_quantisation  what JPEG of quality a loses                        (jpeg_quantisation.h)
//   translation        by a whole pixels up, down, left, right or diagonally, one of the eight at
//                      random; the pixels of the edge are repeated
// The pixels of blur and translation are those of an image whose shorter side is at most 32;
// beyond, lengths grow in proportion to it. Results are clamped and rounded to bytes. Images may
// have any size and number of channels.
//
// Random numbers are named by (seed, corruption, Dataset::stream_name of the image): not by the
// severity. The five severities of an image therefore use the same random numbers. The order of
// images and the number of threads do not matter. Thread-safe: no state.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "bnn/core/random.h"
#include "bnn/core/thread_pool.h"
#include "bnn/data/dataset.h"
#include "bnn/images/byte_image.h"

namespace bnn {

constexpr int kSeverities = 5;

/// What one corruption is given for one image.
struct CorruptionInput {
  ByteImage image;
  double amount = 0;   // of the severity
  Stream stream = {};  // of this image
};

struct Corruption {
  std::string_view name;
  std::uint32_t stream_index;  // part of the meaning of a seed: never renumber
  std::array<double, kSeverities> amounts;
  /// Writes an image of the same size, which does not overlap the input.
  void (*apply)(const CorruptionInput& input, std::uint8_t* out);
  bool needs_colour = false;  // three channels

  bool fits(const Shape& shape) const { return !needs_colour || shape.channels == 3; }
};

/// All corruptions, in the order of the list above.
std::span<const Corruption> corruptions();

/// Their names, separated by ", ".
std::string corruption_names();

/// Throws Error(usage), listing the names, if there is none of this name.
const Corruption& find_corruption(std::string_view name);

/// @param severity 1 to 5
/// @param index names the image: Dataset::stream_name
void corrupt_image(const Corruption& corruption, int severity, std::uint64_t seed,
                   std::uint32_t index, const ByteImage& image, std::uint8_t* out);

/// Writes the corrupted images of the examples `chosen` into `out`, a copy of `clean`. Other
/// examples stay as they are.
/// @param chosen dataset indices, each at most once
void corrupt_images(const Corruption& corruption, int severity, std::uint64_t seed,
                    const Dataset& clean, std::span<const std::uint32_t> chosen, ThreadPool& pool,
                    Dataset& out);

}  // namespace bnn
