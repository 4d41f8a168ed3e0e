#include "bnn/report/html_text.h"

#include <algorithm>
#include <cmath>

#include "bnn/core/display_text.h"
#include "bnn/report/svg_elements.h"

namespace bnn {
namespace {

constexpr auto kNarrowSpace = "\u202F";
constexpr auto kAbsent = "<span class=\"absent\">–</span>";

std::string data_element(double value, const std::string& shown) {
  if (!std::isfinite(value)) return kAbsent;
  return "<data value=\"" + shortest(value) + "\">" + shown + "</data>";
}

std::string row_html(const std::vector<std::string>& cells) {
  std::string html = "<tr>";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    html += i == 0 ? "<th scope=\"row\">" + cells[i] + "</th>" : "<td>" + cells[i] + "</td>";
  }
  return html + "</tr>\n";
}

}  // namespace

std::string grouped(std::size_t count) {
  const std::string digits = std::to_string(count);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0 && digits.size() > 4) text += kNarrowSpace;
    text += digits[i];
  }
  return text;
}

std::string percent(double share, int decimals) {
  if (!std::isfinite(share)) return "n/a";
  return fixed(100 * share, decimals) + kNarrowSpace + "%";
}

std::string css_percent(double share) {
  return fixed(std::isnan(share) ? 0 : 100 * std::clamp(share, 0.0, 1.0), 1) + "%";
}

std::string html_number(double value, int decimals) {
  return data_element(value, fixed(value, decimals));
}

std::string html_percent(double share, int decimals) {
  return data_element(share, percent(share, decimals));
}

std::string html_interval(const Bounds& bounds, int decimals) {
  if (!bounds.defined()) return html_number(bounds.lower, decimals);
  return "<span class=\"interval\">" + html_number(bounds.lower, decimals) + " – " +
         html_number(bounds.upper, decimals) + "</span>";
}

std::string short_name(std::string_view text, std::size_t columns) {
  std::string name = fitted(text, columns);
  name.erase(name.find_last_not_of(' ') + 1);
  return name;
}

std::string html_name(std::string_view text) {
  return "<bdi>" + escaped_markup(short_name(text)) + "</bdi>";
}

std::string class_text(const std::vector<std::string>& class_names, std::size_t index) {
  return index < class_names.size() ? class_names[index] : std::to_string(index);
}

std::string html_table(const HtmlTable& table) {
  std::string html = "<table class=\"" + table.style + "\">\n<caption><b>" + table.caption +
                     "</b>" + (table.note.empty() ? "" : " " + table.note) +
                     "</caption>\n<thead><tr>";
  for (const std::string& column : table.columns) {
    html += "<th scope=\"col\">" + column + "</th>";
  }
  html += "</tr></thead>\n<tbody>\n";
  for (const std::vector<std::string>& row : table.rows) html += row_html(row);
  return html + "</tbody>\n</table>\n";
}

std::string html_figure(const std::string& svg_html, const std::string& title,
                        const std::string& caption_html) {
  if (svg_html.empty()) return "";
  return "<figure>\n" + svg_html + "<figcaption><b>" + title + "</b> " + caption_html +
         "</figcaption>\n</figure>\n";
}

std::string svg_image(double width, double height, const std::string& title,
                      const std::string& description, const std::string& body_html) {
  return "<svg role=\"img\" viewBox=\"0 0 " + svg_number(width) + " " + svg_number(height) +
         "\">\n<title>" + escaped_markup(title) + "</title>\n<desc>" + escaped_markup(description) +
         "</desc>\n" + body_html + "</svg>\n";
}

std::string html_section(const HtmlSection& section) {
  if (section.body_html.empty()) return "";
  return "<section aria-labelledby=\"" + section.id + "\">\n<h2 id=\"" + section.id + "\">" +
         section.title + "</h2>\n" + section.body_html + "</section>\n";
}

std::string html_figures(const std::vector<std::string>& figures_html) {
  std::string body;
  for (const std::string& figure : figures_html) body += figure;
  return body.empty() ? "" : "<div class=\"figures\">\n" + body + "</div>\n";
}

std::string html_paragraph(const std::string& html) {
  return html.empty() ? "" : "<p>" + html + "</p>\n";
}

}  // namespace bnn
