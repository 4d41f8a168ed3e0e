#include "bnn/core/display_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fmt/format.h>

#include "bnn/core/utf8.h"

namespace bnn {
namespace {

// Large enough for the largest double in fixed notation with a few decimals.
using NumberBuffer = std::array<char, 512>;

constexpr char32_t kFirstWide = 0x1100;

// Calls `use(character, its bytes)` for each character of the text.
template <typename F>
void for_each_character(std::string_view text, F use) {
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    use(character, text.substr(0, character.bytes));
    text.remove_prefix(character.bytes);
  }
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

std::string duration_text(double seconds) {
  const auto total = static_cast<long>(seconds + 0.5);
  if (total >= 3600) return fmt::format("{}h{}m", total / 3600, total / 60 % 60);
  if (total >= 60) return fmt::format("{}m{}s", total / 60, total % 60);
  return fmt::format("{}s", total);
}

bool steers_display(char32_t character) {
  const auto within = [character](char32_t first, char32_t last) {
    return character >= first && character <= last;
  };
  return character < 0x20 || within(0x7F, 0x9F) || character == 0x61C || within(0x200E, 0x200F) ||
         within(0x2028, 0x202E) || within(0x2066, 0x2069);
}

std::string plain_text(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for_each_character(text, [&](const Utf8Character& character, std::string_view bytes) {
    plain += !character.valid ? "\uFFFD" : steers_display(character.code) ? "?" : bytes;
  });
  return plain;
}

std::string escaped_json(std::string_view json) {
  const auto is_plain = [](char byte) { return static_cast<unsigned char>(byte) < 0x7F; };
  if (std::all_of(json.begin(), json.end(), is_plain)) return std::string(json);
  std::string escaped;
  for_each_character(json, [&](const Utf8Character& character, std::string_view bytes) {
    // Control characters of ASCII other than DEL are only between the values. Strings have them
    // escaped already.
    if (character.code >= 0x7F && steers_display(character.code)) {
      escaped += fmt::format("\\u{:04x}", static_cast<unsigned>(character.code));
    } else {
      escaped += bytes;
    }
  });
  return escaped;
}

std::string printable_line(std::string_view text) {
  constexpr std::size_t kMaxLine = 500;
  constexpr std::string_view kCut = "...";
  std::string line = plain_text(text);
  if (line.size() <= kMaxLine) return line;
  line.resize(whole_characters(line, kMaxLine - kCut.size()));
  return line.append(kCut);
}

std::string fitted(std::string_view text, std::size_t columns) {
  constexpr std::string_view kCut = "..";
  const std::string plain = plain_text(text);
  std::size_t used = 0, bytes = 0;          // of all characters so far
  std::size_t cut_used = 0, cut_bytes = 0;  // of those that leave room for the mark of a cut
  while (bytes < plain.size() && used <= columns) {
    const Utf8Character character = first_character(std::string_view(plain).substr(bytes));
    used += character.code >= kFirstWide ? 2 : 1;
    bytes += character.bytes;
    if (used + kCut.size() > columns) continue;
    cut_used = used;
    cut_bytes = bytes;
  }
  if (used <= columns) return plain + std::string(columns - used, ' ');
  const std::string_view mark = kCut.substr(0, std::min(kCut.size(), columns - cut_used));
  return plain.substr(0, cut_bytes).append(mark).append(columns - cut_used - mark.size(), ' ');
}

std::string right_aligned(std::string_view text, std::size_t columns) {
  const std::size_t padding = columns > text.size() ? columns - text.size() : 0;
  return std::string(padding, ' ').append(text);
}

}  // namespace bnn
