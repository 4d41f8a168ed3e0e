#pragma once
// Text with tags, HTML or SVG, as a type of its own, so that plain text cannot become tags by
// mistake: it enters only escaped.
//
//     Markup cell = markup("<td class=\"{}\">{}</td>", style, name);  // strings are escaped
//     Markup row = "<tr>" + cell + markup("<td>{}</td>", html_number(x, 4)) + "</tr>";
//
// A literal in the source is markup as it stands. A std::string does not convert. Thread-safe: no
// state.

#include <cstddef>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace bnn {

class Markup {
 public:
  Markup() = default;
  template <std::size_t N>
  Markup(const char (&literal)[N]) : text_(literal, N - 1) {}
  /// Text that this program made, without untrusted parts.
  static Markup trusted(std::string text) {
    Markup markup;
    markup.text_ = std::move(text);
    return markup;
  }

  const std::string& text() const { return text_; }
  bool empty() const { return text_.empty(); }

  Markup& operator+=(const Markup& more) {
    text_ += more.text_;
    return *this;
  }
  friend Markup operator+(Markup a, const Markup& b) { return std::move(a += b); }
  friend bool operator==(const Markup&, const Markup&) = default;

 private:
  std::string text_;
};

/// Text as it may stand between tags or double quotes of XML and HTML. Bytes that are not UTF-8
/// become U+FFFD. Control characters below U+0020 become spaces. Other characters that steer the
/// display (display_text.h) become "?".
Markup escaped(std::string_view text);

/// What a value looks like within markup: itself if it is markup or a number, escaped if it is
/// text.
template <typename T>
auto within_markup(const T& value) {
  if constexpr (std::is_same_v<T, Markup>) {
    return std::string_view(value.text());
  } else if constexpr (std::is_arithmetic_v<T>) {
    return value;
  } else {
    return escaped(value).text();
  }
}

/// fmt::format with these values within markup.
template <typename... Values>
Markup markup(fmt::format_string<decltype(within_markup(std::declval<const Values&>()))...> format,
              const Values&... values) {
  const auto text = [&](const auto&... shown) {
    return fmt::vformat(format, fmt::make_format_args(shown...));
  };
  return Markup::trusted(text(within_markup(values)...));
}

}  // namespace bnn
