#pragma once
// The few elements that a drawing is made of, as SVG, which may stand alone or within HTML.
// Coordinates are pixels. Thread-safe: no state.

#include <string>

#include "bnn/report/markup.h"

namespace bnn {

/// A number with one decimal.
std::string svg_number(double value);

Markup svg_text(double x, double y, const Markup& attributes, const Markup& content);

Markup svg_line(double x1, double y1, double x2, double y2, const Markup& attributes);

Markup svg_rectangle(double x, double y, double width, double height, const Markup& attributes);

Markup svg_circle(double x, double y, double radius, const Markup& attributes);

/// An <svg> of this size with a name, and with what it shows in words for readers who hear it.
Markup svg_image(double width, double height, const std::string& title,
                 const std::string& description, const Markup& body);

}  // namespace bnn
