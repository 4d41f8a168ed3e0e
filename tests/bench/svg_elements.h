#pragma once
// The few elements that a plot is made of, as SVG text. Coordinates are pixels.

#include <cstddef>
#include <string>

namespace bnn {

/// A number with one decimal.
std::string svg_number(double value);

/// Text as it may stand between tags or quotes.
std::string svg_escaped(const std::string& text);

/// @param attributes begins with a blank if it is not empty
/// @param content is written as it is
std::string svg_text(double x, double y, const std::string& attributes, const std::string& content);

std::string svg_line(double x1, double y1, double x2, double y2, const std::string& attributes);

/// The colour of a series, and its stroke's attributes. There are four styles.
std::string series_color(std::size_t series);
std::string series_stroke(std::size_t series);

/// A square, a disc, a triangle or a diamond. The last two are larger and hollow, so that markers
/// on the same spot stay visible.
std::string series_marker(std::size_t series, double x, double y);

}  // namespace bnn
