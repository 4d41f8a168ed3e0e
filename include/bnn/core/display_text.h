#pragma once
// Small conversions from values to text for the programs' output. None of them depends on the
// locale. Thread-safe: no state.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "bnn/core/json_reader.h"

namespace bnn {

/// The shortest text that reads back to exactly this double ("0.1", "1e-20", "nan").
std::string shortest(double value);

/// With that many significant digits at most ("0.00123", "3e-05"); "n/a" if it is not finite.
std::string significant(double value, int digits);

/// With a fixed number of decimals ("0.1000"); "n/a" if it is not finite.
std::string fixed(double value, int decimals);

/// `text` with every byte that is not UTF-8 replaced by U+FFFD.
std::string valid_utf8(std::string_view text);

/// One line of at most 500 bytes of valid UTF-8 without control characters, each of which becomes a
/// "?": a file's name in it cannot steer a terminal.
std::string printable_line(const std::string& text);

/// Valid UTF-8 without control characters (each becomes a "?", so that a name from a file cannot
/// steer a terminal), cut to at most `columns` columns, where a cut is marked by "..", and filled
/// up with spaces. Characters from U+1100 on, most of which are wide, count as two columns.
std::string fitted(std::string_view text, std::size_t columns);

/// ASCII text with spaces before it up to `columns`; longer text stays as it is.
std::string right_aligned(std::string_view text, std::size_t columns);

/// How a class is called: its name where names are known, its index where not.
Json class_label(const std::vector<std::string>& class_names, int index);

/// One line of valid UTF-8 with a line feed at its end. Numbers that are not finite become null.
std::string json_line(const Json& value);

}  // namespace bnn
