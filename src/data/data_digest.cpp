#include "bnn/data/data_digest.h"

#include <algorithm>
#include <span>
#include <vector>
#include <zlib.h>

namespace bnn {

// Slices of the pixels are checked at the same time, and their checksums put together.
std::uint32_t data_digest(const Dataset& images, ThreadPool& pool) {
  constexpr std::size_t kSlice = std::size_t{4} << 20;
  const std::span<const std::uint8_t> pixels = images.pixels();
  const auto slice = [&](std::size_t i) {
    return pixels.subspan(i * kSlice, std::min(kSlice, pixels.size() - i * kSlice));
  };
  std::vector<uLong> crcs((pixels.size() + kSlice - 1) / kSlice);
  pool.run(crcs.size(),
           [&](std::size_t i, int) { crcs[i] = crc32_z(0, slice(i).data(), slice(i).size()); });
  uLong crc = 0;  // of nothing
  for (std::size_t i = 0; i < crcs.size(); ++i) {
    crc = crc32_combine(crc, crcs[i], static_cast<z_off_t>(slice(i).size()));
  }
  const auto labels = std::as_bytes(images.labels());
  crc = crc32_z(crc, reinterpret_cast<const Bytef*>(labels.data()), labels.size());
  return static_cast<std::uint32_t>(crc);
}

}  // namespace bnn
