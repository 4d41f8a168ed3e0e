#pragma once
// Pieces of an HTML page as text: numbers, names, tables, figures and sections.
//
// Names of classes, layers and files come from strangers: html_name is the only way in which they
// reach a page. Arguments called `html` are written as they stand. Thread-safe: no state.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "bnn/infer/bootstrap.h"

namespace bnn {

/// Digits in groups of three, "10 000", parted by narrow spaces that do not break.
std::string grouped(std::size_t count);

/// "91.06 %" of a share, "n/a" if it is not finite.
std::string percent(double share, int decimals);

/// "91.1%" of a share held within [0, 1], as a length in a style.
std::string css_percent(double share);

/// The number for the eye, rounded, and for programs, exact: <data value="0.9106">0.9106</data>.
/// A dash if it is not finite.
std::string html_number(double value, int decimals);
std::string html_percent(double share, int decimals);

/// "0.9012 – 0.9187"; a dash if there is none.
std::string html_interval(const Bounds& bounds, int decimals);

/// The text without what would make it wider than so many letters.
std::string short_name(std::string_view text, std::size_t columns = 48);

/// A name, shortened and escaped, that cannot change the direction of the text around it.
std::string html_name(std::string_view text);

/// The name of a class where names are known, its index where not.
std::string class_text(const std::vector<std::string>& class_names, std::size_t index);

/// The first cell of each row is its header. All texts are HTML.
struct HtmlTable {
  std::string caption;
  std::string note;  // what a reader needs to know, below the caption
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  std::string style = {};  // CSS classes
};
std::string html_table(const HtmlTable& table);

/// A drawing with a bold title and a sentence below it; "" without a drawing.
std::string html_figure(const std::string& svg_html, const std::string& title,
                        const std::string& caption_html);

/// An <svg> of this size with a name, and with what it shows in words for readers who hear it.
std::string svg_image(double width, double height, const std::string& title,
                      const std::string& description, const std::string& body_html);

/// A part of the page with a heading; "" without a body.
struct HtmlSection {
  std::string id, title;
  std::string body_html;
};
std::string html_section(const HtmlSection& section);

/// Figures side by side where the page is wide enough; "" if all are empty.
std::string html_figures(const std::vector<std::string>& figures_html);

std::string html_paragraph(const std::string& html);

}  // namespace bnn
