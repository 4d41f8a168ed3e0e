#include "mend.h"

#include <algorithm>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <zlib.h>

#include "bnn/files/crc32c.h"
#include "target.h"

namespace bnn::fuzzing {
namespace {

std::uint64_t little_endian(const Input& input, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | input[at + i];
  return value;
}

void set_little_endian(Input& input, std::size_t at, std::size_t size, std::uint64_t value) {
  for (std::size_t i = 0; i < size; ++i) {
    input[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
}

std::uint32_t big_endian(const Input& input, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | input[at + i];
  return value;
}

void set_big_endian(Input& input, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) {
    input[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
  }
}

// TensorBoard's form of a checksum.
std::uint32_t masked(std::uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }

}  // namespace

void mend_calibration(Input& input) {
  constexpr std::string_view kBefore = ",\"digest\":\"";
  std::string text = as_string(input);
  const std::size_t end = std::min(text.rfind(kBefore), text.rfind('}'));
  if (end == std::string::npos) return;
  text.resize(end);
  const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size());
  text += fmt::format("{}crc32:{:08x}\"}}\n", kBefore, crc);
  input.assign(text.begin(), text.end());
}

void mend_events(Input& input) {
  constexpr std::size_t kHeader = 12, kTrailer = 4;
  for (std::size_t at = 0; input.size() - at >= kHeader + kTrailer;) {
    const std::size_t room = input.size() - at - kHeader - kTrailer;
    const std::size_t size = std::min<std::uint64_t>(little_endian(input, at, 8), room);
    set_little_endian(input, at, 8, size);
    const auto crc_of = [&](std::size_t from, std::size_t count) {
      return masked(crc32c(as_text(Bytes(input).subspan(from, count))));
    };
    set_little_endian(input, at + 8, 4, crc_of(at, 8));
    set_little_endian(input, at + kHeader + size, 4, crc_of(at + kHeader, size));
    at += kHeader + size + kTrailer;
  }
}

void mend_png(Input& input) {
  constexpr std::size_t kSignature = 8, kAround = 12;  // length and kind before, checksum behind
  for (std::size_t at = kSignature; at + kAround <= input.size();) {
    const std::size_t room = input.size() - at - kAround;
    const std::size_t size = std::min<std::size_t>(big_endian(input, at), room);
    set_big_endian(input, at, static_cast<std::uint32_t>(size));
    const auto crc = crc32_z(0, input.data() + at + 4, size + 4);
    set_big_endian(input, at + 8 + size, static_cast<std::uint32_t>(crc));
    at += kAround + size;
  }
}

}  // namespace bnn::fuzzing
