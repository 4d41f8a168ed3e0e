#pragma once
// The few elements that a drawing is made of, as SVG text, which may stand alone or within HTML.
// Coordinates are pixels. Thread-safe: no state.

#include <string>
#include <string_view>

namespace bnn {

/// A number with one decimal.
std::string svg_number(double value);

/// Text as it may stand between tags or double quotes of XML and HTML. What is not UTF-8 becomes
/// U+FFFD, and a control character a blank.
std::string escaped_markup(std::string_view text);

/// @param attributes begins with a blank if it is not empty
/// @param content is written as it is
std::string svg_text(double x, double y, const std::string& attributes, const std::string& content);

std::string svg_line(double x1, double y1, double x2, double y2, const std::string& attributes);

std::string svg_rectangle(double x, double y, double width, double height,
                          const std::string& attributes);

std::string svg_circle(double x, double y, double radius, const std::string& attributes);

}  // namespace bnn
