#include "bnn/core/utf8.h"

#include <algorithm>

namespace bnn {
namespace {

// Characters of 2, 3 and 4 bytes: the bits that mark the first byte, and the least code that is not
// overlong.
struct Length {
  std::size_t bytes;
  unsigned mask, mark;
  char32_t least;
};
constexpr Length kLengths[] = {
    {2, 0xE0, 0xC0, 0x80}, {3, 0xF0, 0xE0, 0x800}, {4, 0xF8, 0xF0, 0x10000}};

bool is_character(char32_t code) { return code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF); }

// Whether some valid character of `length` begins with these bits, `missing` bytes before its end.
bool may_begin(const Length& length, char32_t bits, std::size_t missing) {
  const auto shift = 6 * missing;
  const char32_t lowest = bits << shift;
  const char32_t highest = lowest | ((char32_t{1} << shift) - 1);
  if (highest < length.least || lowest > 0x10FFFF) return false;
  return is_character(lowest) || is_character(highest);
}

}  // namespace

Utf8Character first_character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return {first, 1, true};
  for (const Length& length : kLengths) {
    if ((first & length.mask) != length.mark) continue;
    char32_t bits = first & ~length.mask & 0xFFu;
    if (!may_begin(length, bits, length.bytes - 1)) return {};
    for (std::size_t taken = 1; taken < length.bytes; ++taken) {
      if (taken == text.size() || !is_utf8_continuation(text[taken])) return {U'\uFFFD', taken};
      bits = bits << 6 | (static_cast<unsigned char>(text[taken]) & 0x3Fu);
      if (!may_begin(length, bits, length.bytes - 1 - taken)) return {U'\uFFFD', taken};
    }
    return {bits, length.bytes, true};
  }
  return {};
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    if (!character.valid) return false;
    text.remove_prefix(character.bytes);
  }
  return true;
}

std::string valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    valid += character.valid ? text.substr(0, character.bytes) : "\uFFFD";
    text.remove_prefix(character.bytes);
  }
  return valid;
}

std::size_t whole_characters(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text.size();
  while (limit > 0 && is_utf8_continuation(text[limit])) --limit;
  return limit;
}

}  // namespace bnn
