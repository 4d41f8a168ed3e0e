#include "bnn/report/svg_elements.h"

#include "bnn/core/display_text.h"

namespace bnn {
namespace {

std::string escaped(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    default:
      return {static_cast<unsigned char>(c) < 0x20 ? ' ' : c};  // XML has no control characters
  }
}

std::string attribute(const char* name, double value) {
  return std::string(" ") + name + "=\"" + svg_number(value) + "\"";
}

}  // namespace

std::string svg_number(double value) { return fixed(value, 1); }

std::string escaped_markup(std::string_view text) {
  std::string out;
  for (const char c : valid_utf8(text)) out += escaped(c);
  return out;
}

std::string svg_text(double x, double y, const std::string& attributes,
                     const std::string& content) {
  return "<text" + attribute("x", x) + attribute("y", y) + attributes + ">" + content + "</text>\n";
}

std::string svg_line(double x1, double y1, double x2, double y2, const std::string& attributes) {
  return "<line" + attribute("x1", x1) + attribute("y1", y1) + attribute("x2", x2) +
         attribute("y2", y2) + " " + attributes + "/>\n";
}

std::string svg_rectangle(double x, double y, double width, double height,
                          const std::string& attributes) {
  return "<rect" + attribute("x", x) + attribute("y", y) + attribute("width", width) +
         attribute("height", height) + " " + attributes + "/>\n";
}

std::string svg_circle(double x, double y, double radius, const std::string& attributes) {
  return "<circle" + attribute("cx", x) + attribute("cy", y) + attribute("r", radius) + " " +
         attributes + "/>\n";
}

}  // namespace bnn
