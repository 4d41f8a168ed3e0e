#pragma once
// What every decoder does alike: limits of what is decoded, and transparent pixels.

#include <cstdint>
#include <string>
#include <vector>

#include "bnn/images/image.h"

namespace bnn {

/// An image whose header announces more pixels is refused before memory is allocated for it.
constexpr std::uint64_t kMaxImagePixels = 64'000'000;

/// The sentence "…: its header announces H x W pixels, more than the <limit>" as an Error (data).
[[noreturn]] void refuse_size(const std::string& name, std::uint64_t height, std::uint64_t width,
                              const std::string& limit);

/// Refuses images of more than kMaxImagePixels, or of none.
void require_few_pixels(const std::string& name, std::uint64_t height, std::uint64_t width);

/// Blends pixels with white, as a browser shows them. The last sample of each pixel is alpha and
/// goes away. @param samples of a pixel, with alpha; the colour is not multiplied by alpha
void lay_over_white(std::vector<std::uint8_t>& bytes, std::size_t samples);

}  // namespace bnn
