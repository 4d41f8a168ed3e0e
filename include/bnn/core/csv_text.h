#pragma once
// Fields and lines of CSV as RFC 4180 has them, with line feeds. Thread-safe: no state.

#include <string>
#include <string_view>
#include <vector>

namespace bnn {

/// Fields with commas, quotes or line breaks are quoted.
std::string csv_line(const std::vector<std::string>& fields);

/// A name that is not trusted, as plain text (display_text.h) that no spreadsheet takes for a
/// formula: one that begins with =, +, - or @ gets an apostrophe before it.
std::string csv_name(std::string_view name);

}  // namespace bnn
