#pragma once
// CRC-32C (Castagnoli), the checksum of TensorBoard's event files: reflected polynomial 0x82F63B78,
// all ones at the start and complemented at the end (RFC 3720, appendix B). The checkpoints' CRC-32
// is another one, which zlib has. Thread-safe: no state.

#include <cstdint>
#include <string_view>

namespace bnn {

std::uint32_t crc32c(std::string_view bytes);

}  // namespace bnn
