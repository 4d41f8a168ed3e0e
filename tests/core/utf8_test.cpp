#include "bnn/core/utf8.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace bnn {
namespace {

// The bytes of a number as UTF-8 would have them, also where RFC 3629 forbids it.
std::string encoded(char32_t code, std::size_t bytes) {
  if (bytes == 1) return {static_cast<char>(code)};
  std::string text(bytes, '\0');
  for (std::size_t i = bytes; i-- > 1; code >>= 6)
    text[i] = static_cast<char>(0x80 | (code & 0x3F));
  text[0] = static_cast<char>((0xF00u >> bytes & 0xFF) | code);
  return text;
}

TEST_CASE("every character of Unicode is read, and no surrogate") {
  std::size_t wrong = 0;
  for (char32_t code = 0; code < 0x110000; ++code) {
    const std::size_t bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    const Utf8Character character = first_character(encoded(code, bytes) + "x");
    const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
    const bool right = is_surrogate
                           ? !character.valid && character.bytes == 1
                           : character.valid && character.bytes == bytes && character.code == code;
    if (!right) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("overlong forms and numbers beyond Unicode are not UTF-8") {
  for (std::size_t bytes = 2; bytes <= 4; ++bytes) {
    for (const char32_t code : {U'\0', U'/', U'\x7F'}) CHECK_FALSE(is_utf8(encoded(code, bytes)));
  }
  CHECK_FALSE(is_utf8(encoded(0x7FF, 3)));
  CHECK_FALSE(is_utf8(encoded(0xFFFF, 4)));
  CHECK_FALSE(is_utf8(encoded(0x110000, 4)));
  CHECK(is_utf8(encoded(0x10FFFF, 4)));
  CHECK(is_utf8(""));
}

TEST_CASE("text that is not UTF-8 gets one replacement for each beginning of a character") {
  const std::string mark = "\xEF\xBF\xBD";
  struct Row {
    std::string text, valid;
  };
  const std::vector<Row> rows = {
      {"caf\xC3\xA9", "caf\xC3\xA9"},
      {"\xFF", mark},
      {"\x80\x80", mark + mark},
      {"\xC3", mark},
      {"\xC3(", mark + "("},
      {"\xE2\x82", mark},  // two bytes of three
      {"\xE2\x82x", mark + "x"},
      {"\xF0\x9F\x98", mark},                // three of four
      {"\xE0\x80\x80", mark + mark + mark},  // overlong: wrong from the second byte on
      {"\xED\xA0\x80", mark + mark + mark},  // a surrogate
      {"\xF0\x9F\xC3\xA9", mark + "\xC3\xA9"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(valid_utf8(row.text) == row.valid);
    CHECK(is_utf8(row.text) == (row.text == row.valid));
    CHECK(is_utf8(row.valid));
  }
}

TEST_CASE("text is cut between characters") {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC";
  const std::vector<std::size_t> kept = {0, 1, 1, 3, 3, 3, 6, 6};
  for (std::size_t limit = 0; limit < kept.size(); ++limit) {
    CHECK(whole_characters(text, limit) == kept[limit]);
  }
}

}  // namespace
}  // namespace bnn
