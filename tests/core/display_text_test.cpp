#include "bnn/core/display_text.h"

#include <string>

#include <catch2/catch.hpp>

namespace bnn {
namespace {

TEST_CASE("text is cut and filled to a number of columns") {
  CHECK(fitted("dog", 5) == "dog  ");
  CHECK(fitted("horse", 5) == "horse");
  CHECK(fitted("horses", 5) == "hor..");
  CHECK(fitted("", 2) == "  ");
  CHECK(fitted("horse", 2) == "..");
  CHECK(fitted("horse", 1) == ".");
  CHECK(fitted("horse", 0).empty());
  CHECK(fitted("\xC3\xA9t\xC3\xA9", 4) == "\xC3\xA9t\xC3\xA9 ");
  CHECK(fitted("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 3) == "\xC3\xA9..");
  CHECK(fitted("\xE7\x8C\xAB\xE7\x8C\xAB", 5) == "\xE7\x8C\xAB\xE7\x8C\xAB ");  // Two wide ones.
  CHECK(fitted("\xE7\x8C\xAB\xE7\x8C\xAB\xE7\x8C\xAB", 5) == "\xE7\x8C\xAB.. ");
}

TEST_CASE("a column of names cannot steer the terminal") {
  CHECK(fitted("a\x1b[31m\x7f\n", 12) == "a?[31m??    ");
  CHECK(fitted("a\xC2\x9B"
               "b",
               4) == "a?b ");
  CHECK(fitted("a\xFF"
               "b",
               4) ==
        "a\xEF\xBF\xBD"
        "b");
}

TEST_CASE("numbers of a fixed number of decimals are rounded") {
  CHECK(fixed(0.00006, 4) == "0.0001");
  CHECK(fixed(-0.00004, 4) == "0.0000");
  CHECK(fixed(-0.00006, 4) == "-0.0001");
  CHECK(fixed(12.0, 1) == "12.0");
  CHECK(fixed(1e300, 2).size() == 304);
  CHECK(fixed(std::nan(""), 2) == "n/a");
  CHECK(right_aligned("12", 4) == "  12");
  CHECK(right_aligned("12345", 4) == "12345");
}

TEST_CASE("plain text has a question mark for each character that steers what shows it") {
  CHECK(plain_text("a\tb\nc\rd\x1b[2J\x7f") == "a?b?c?d?[2J?");
  CHECK(plain_text("\u0080\u009b\u009f") == "???");
  CHECK(plain_text("\u061c\u200e\u200f\u202a\u202e\u2066\u2069\u2028\u2029") == "?????????");
  // Their neighbours, the joiners that scripts need, and spaces stay.
  CHECK(plain_text("\u00a0\u200c\u200d\u202f\u2065\u206a") ==
        "\u00a0\u200c\u200d\u202f\u2065\u206a");
  CHECK(plain_text("caf\u00e9 \U0001F408\xff") == "caf\u00e9 \U0001F408\ufffd");
}

TEST_CASE("JSON text escapes what steers a display and nothing else") {
  CHECK(escaped_json("[\"a\u009b\x7f\u202e\u00e9\\n\"]") ==
        "[\"a\\u009b\\u007f\\u202e\u00e9\\n\"]");
  CHECK(escaped_json("{\n  \"a\": 1\n}") == "{\n  \"a\": 1\n}");
}

TEST_CASE("a printable line has at most 500 bytes of whole characters") {
  CHECK(printable_line("one\ntwo") == "one?two");
  CHECK(printable_line(std::string(500, 'x')) == std::string(500, 'x'));
  CHECK(printable_line(std::string(501, 'x')) == std::string(497, 'x') + "...");
  std::string text(496, 'x');
  for (int i = 0; i < 10; ++i) text += "\u00e9";
  CHECK(printable_line(text) == std::string(496, 'x') + "...");
}

}  // namespace
}  // namespace bnn
