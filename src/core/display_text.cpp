#include "bnn/core/display_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "bnn/core/parse_json.h"

namespace bnn {
namespace {

// Large enough for the largest double in fixed notation with a few decimals.
using NumberBuffer = std::array<char, 512>;

constexpr std::size_t kFirstWideLead = 0xE1;  // UTF-8 of U+1100 begins E1 84

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

struct Character {
  std::size_t bytes = 1;
  std::size_t columns = 1;
  bool control = false;
};

// The character that begins at `at` of valid UTF-8. Control characters are C0, DEL and C1
// (U+0080 to U+009F, in UTF-8 C2 80 to C2 9F).
Character character_at(std::string_view text, std::size_t at) {
  Character result;
  while (at + result.bytes < text.size() && is_continuation(text[at + result.bytes])) {
    ++result.bytes;
  }
  const auto lead = static_cast<unsigned char>(text[at]);
  const auto second = static_cast<unsigned char>(result.bytes > 1 ? text[at + 1] : '\0');
  result.control = lead < 0x20 || lead == 0x7F || (lead == 0xC2 && second < 0xA0);
  const bool wide = lead > kFirstWideLead || (lead == kFirstWideLead && second >= 0x84);
  if (wide) result.columns = 2;
  return result;
}

}  // namespace

std::string shortest(double value) {
  NumberBuffer buffer;
  const std::to_chars_result end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), end.ptr};
}

std::string significant(double value, int digits) {
  if (!std::isfinite(value)) return "n/a";
  NumberBuffer buffer;
  const std::to_chars_result end = std::to_chars(buffer.data(), buffer.data() + buffer.size(),
                                                 value, std::chars_format::general, digits);
  return {buffer.data(), end.ptr};
}

std::string fixed(double value, int decimals) {
  if (!std::isfinite(value)) return "n/a";
  NumberBuffer buffer;
  const std::to_chars_result end = std::to_chars(buffer.data(), buffer.data() + buffer.size(),
                                                 value, std::chars_format::fixed, decimals);
  const std::string text(buffer.data(), end.ptr);
  // Nobody wants to read -0.0000.
  const bool is_zero = text.find_first_of("123456789") == std::string::npos;
  return is_zero && text.front() == '-' ? text.substr(1) : text;
}

std::string valid_utf8(std::string_view text) {
  // The JSON library's serializer is the one place that knows how to replace invalid bytes.
  const std::string dumped = Json(text).dump_replacing();
  return parse_json(dumped, "text", ErrorKind::internal).text();
}

std::string printable_line(const std::string& text) {
  constexpr std::size_t kMaxLine = 500;
  const std::string valid = valid_utf8(text);
  std::string line;
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const auto byte = static_cast<unsigned char>(valid[i]);
    // U+0080 to U+009F are control characters as well.
    const bool is_c1 = byte == 0xC2 && static_cast<unsigned char>(valid[i + 1]) < 0xA0;
    line += byte < 0x20 || byte == 0x7F || is_c1 ? '?' : valid[i];
    if (is_c1) ++i;
  }
  if (line.size() <= kMaxLine) return line;
  std::size_t end = kMaxLine - 3;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0u) == 0x80u) --end;
  return line.substr(0, end) + "...";
}

std::string fitted(std::string_view text, std::size_t columns) {
  constexpr std::string_view kCut = "..";
  const std::string valid = valid_utf8(text);
  std::string whole;
  std::string cut;  // what fits beside the mark of a cut
  std::size_t used = 0;
  std::size_t cut_used = 0;
  for (std::size_t at = 0; at < valid.size();) {
    const Character character = character_at(valid, at);
    used += character.columns;
    whole += character.control ? "?" : valid.substr(at, character.bytes);
    if (used + kCut.size() <= columns) {
      cut = whole;
      cut_used = used;
    }
    if (used > columns) {
      whole = cut + std::string(kCut.substr(0, std::min(kCut.size(), columns - cut_used)));
      used = std::min(columns, cut_used + kCut.size());
      break;
    }
    at += character.bytes;
  }
  return whole + std::string(columns - used, ' ');
}

std::string right_aligned(std::string_view text, std::size_t columns) {
  const std::size_t padding = columns > text.size() ? columns - text.size() : 0;
  return std::string(padding, ' ').append(text);
}

Json class_label(const std::vector<std::string>& class_names, int index) {
  const auto i = static_cast<std::size_t>(index);
  return i < class_names.size() ? Json(class_names[i]) : Json(index);
}

std::string json_line(const Json& value) { return value.dump_replacing() + '\n'; }

}  // namespace bnn
