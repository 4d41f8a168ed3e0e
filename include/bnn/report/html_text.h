#pragma once
// Pieces of an HTML page: numbers, names, tables and figures.
//
// Names of classes, layers and files are not trusted. html_name puts them into a page. Thread-safe:
// no state.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "bnn/infer/bootstrap.h"
#include "bnn/report/markup.h"

namespace bnn {

/// Digits in groups of three, "10 000", parted by narrow spaces that do not break.
std::string grouped(std::size_t count);

/// "91.06 %" of a share, "n/a" if it is not finite.
std::string percent(double share, int decimals);

/// "91.1%" of a share held within [0, 1], as a length in a style.
std::string css_percent(double share);

/// As grouped.
Markup html_count(std::size_t count);

/// The number for the eye, rounded, and for programs, exact: <data value="0.9106">0.9106</data>.
/// A dash if it is not finite.
Markup html_number(double value, int decimals);
Markup html_percent(double share, int decimals);

/// "0.9012 – 0.9187"; a dash if there is none.
Markup html_interval(const Bounds& bounds, int decimals);

/// The title of a column of intervals, and what they mean.
Markup html_interval_title();

/// A bar that fills this share of its width.
Markup html_bar(double share);

/// The text, cut to at most `columns` columns.
std::string short_name(std::string_view text, std::size_t columns = 48);

/// A name, shortened and escaped, that cannot change the direction of the text around it.
Markup html_name(std::string_view text);

/// The first cell of each row is its header.
struct HtmlTable {
  std::string caption;
  Markup note;  // what a reader needs to know, below the caption
  std::vector<Markup> columns;
  std::vector<std::vector<Markup>> rows;
  std::string style = {};  // CSS classes
};
Markup html_table(const HtmlTable& table);

/// A drawing with a bold title and a sentence below it; empty without a drawing.
Markup html_figure(const Markup& svg, const Markup& title, const Markup& caption);

/// Figures side by side where the page is wide enough; empty if all are.
Markup html_figures(const std::vector<Markup>& figures);

/// A table that stands among figures and keeps their width; empty if the table is.
Markup html_beside(const Markup& table);

}  // namespace bnn
