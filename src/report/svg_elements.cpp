#include "bnn/report/svg_elements.h"

#include "bnn/core/display_text.h"

namespace bnn {

std::string svg_number(double value) { return fixed(value, 1); }

Markup svg_text(double x, double y, const Markup& attributes, const Markup& content) {
  return markup("<text x=\"{}\" y=\"{}\" {}>{}</text>\n", svg_number(x), svg_number(y), attributes,
                content);
}

Markup svg_line(double x1, double y1, double x2, double y2, const Markup& attributes) {
  return markup("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" {}/>\n", svg_number(x1),
                svg_number(y1), svg_number(x2), svg_number(y2), attributes);
}

Markup svg_rectangle(double x, double y, double width, double height, const Markup& attributes) {
  return markup("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" {}/>\n", svg_number(x),
                svg_number(y), svg_number(width), svg_number(height), attributes);
}

Markup svg_circle(double x, double y, double radius, const Markup& attributes) {
  return markup("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" {}/>\n", svg_number(x), svg_number(y),
                svg_number(radius), attributes);
}

Markup svg_image(double width, double height, const std::string& title,
                 const std::string& description, const Markup& body) {
  return markup(
      "<svg role=\"img\" viewBox=\"0 0 {} {}\">\n<title>{}</title>\n<desc>{}</desc>\n{}</svg>\n",
      svg_number(width), svg_number(height), title, description, body);
}

}  // namespace bnn
