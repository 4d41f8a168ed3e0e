#include "bnn/report/html_text.h"

#include <algorithm>
#include <cmath>

#include "bnn/core/display_text.h"

namespace bnn {
namespace {

constexpr auto kNarrowSpace = "\u202F";

Markup data_element(double value, const std::string& shown) {
  if (!std::isfinite(value)) return "<span class=\"absent\">–</span>";
  return markup("<data value=\"{}\">{}</data>", shortest(value), shown);
}

Markup table_row(const std::vector<Markup>& cells) {
  Markup row = "<tr>";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    row += i == 0 ? markup("<th scope=\"row\">{}</th>", cells[i]) : markup("<td>{}</td>", cells[i]);
  }
  return row + "</tr>\n";
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

Markup html_count(std::size_t count) { return escaped(grouped(count)); }

Markup html_number(double value, int decimals) {
  return data_element(value, fixed(value, decimals));
}

Markup html_percent(double share, int decimals) {
  return data_element(share, percent(share, decimals));
}

Markup html_interval(const Bounds& bounds, int decimals) {
  if (!bounds.defined()) return html_number(bounds.lower, decimals);
  return markup("<span class=\"interval\">{} – {}</span>", html_number(bounds.lower, decimals),
                html_number(bounds.upper, decimals));
}

Markup html_interval_title() { return "95 % interval<small>of resampled test sets</small>"; }

Markup html_bar(double share) {
  return markup("<i class=\"share\" style=\"--p:{}\"></i>", css_percent(share));
}

std::string short_name(std::string_view text, std::size_t columns) {
  std::string name = fitted(text, columns);
  name.erase(name.find_last_not_of(' ') + 1);
  return name;
}

Markup html_name(std::string_view text) { return markup("<bdi>{}</bdi>", short_name(text)); }

Markup html_table(const HtmlTable& table) {
  Markup html = markup("<table class=\"{}\">\n<caption><b>{}</b>{}{}</caption>\n<thead><tr>",
                       table.style, table.caption, table.note.empty() ? "" : " ", table.note);
  for (const Markup& column : table.columns) html += markup("<th scope=\"col\">{}</th>", column);
  html += "</tr></thead>\n<tbody>\n";
  for (const std::vector<Markup>& row : table.rows) html += table_row(row);
  return html + "</tbody>\n</table>\n";
}

Markup html_figure(const Markup& svg, const Markup& title, const Markup& caption) {
  if (svg.empty()) return {};
  return markup("<figure>\n{}<figcaption><b>{}</b> {}</figcaption>\n</figure>\n", svg, title,
                caption);
}

Markup html_figures(const std::vector<Markup>& figures) {
  Markup body;
  for (const Markup& figure : figures) body += figure;
  return body.empty() ? body : markup("<div class=\"figures\">\n{}</div>\n", body);
}

Markup html_beside(const Markup& table) {
  return table.empty() ? table : markup("<div>{}</div>\n", table);
}

}  // namespace bnn
