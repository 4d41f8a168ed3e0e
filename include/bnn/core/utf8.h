#pragma once
// UTF-8 text: read one character at a time, checked, and made valid.
//
// Valid is what RFC 3629 allows: no overlong forms, no surrogates, nothing above U+10FFFF. What is
// not valid is replaced by one U+FFFD for each longest beginning of a character, which is also what
// browsers and the JSON library do. Thread-safe: no state.

#include <cstddef>
#include <string>
#include <string_view>

namespace bnn {

struct Utf8Character {
  char32_t code = U'\uFFFD';
  std::size_t bytes = 1;  // that it takes in the text
  bool valid = false;
};

/// The character at the start of a text that is not empty.
Utf8Character first_character(std::string_view text);

bool is_utf8(std::string_view text);

/// `text` with U+FFFD in place of what is not UTF-8.
std::string valid_utf8(std::string_view text);

/// True of the bytes of a character after its first.
constexpr bool is_utf8_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0u) == 0x80u;
}

/// The number of bytes, at most `limit`, that keeps only whole characters of valid text.
std::size_t whole_characters(std::string_view text, std::size_t limit);

}  // namespace bnn
