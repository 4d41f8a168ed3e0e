#pragma once
// Small conversions from values to text for the programs' output. None of them depends on the
// locale. Thread-safe: no state.
//
// Names of files, classes and layers are not trusted. Characters that steer the display are never
// written. Control characters (C0, DEL, and C1, which is U+0080 to U+009F) command a terminal. The
// marks, embeddings, overrides and isolates of bidirectional text (U+061C, U+200E, U+200F, U+202A
// to U+202E, U+2066 to U+2069) can make text read backwards. The line and paragraph separators
// (U+2028, U+2029) break lines. JSON escapes these characters, so a program reads the exact name.
// Every other text has a "?" for each.

#include <cstddef>
#include <string>
#include <string_view>

namespace bnn {

/// The shortest text that reads back to exactly this double ("0.1", "1e-20", "nan").
std::string shortest(double value);

/// With that many significant digits at most ("0.00123", "3e-05"); "n/a" if it is not finite.
std::string significant(double value, int digits);

/// With a fixed number of decimals ("0.1000"); "n/a" if it is not finite.
std::string fixed(double value, int decimals);

/// "2h5m", "3m20s" or "7s".
std::string duration_text(double seconds);

/// True for the characters above, which steer the display.
bool steers_display(char32_t character);

/// Valid UTF-8 with a "?" for every character that steers the display.
std::string plain_text(std::string_view text);

/// The JSON text with every character that steers the display escaped as \uXXXX.
std::string escaped_json(std::string_view json);

/// Plain text on one line of at most 500 bytes.
std::string printable_line(std::string_view text);

/// Plain text cut to at most `columns` columns, where a cut is marked by "..", and filled up with
/// spaces. Characters from U+1100 on, most of which are wide, count as two columns.
std::string fitted(std::string_view text, std::size_t columns);

/// ASCII text with spaces before it up to `columns`; longer text stays as it is.
std::string right_aligned(std::string_view text, std::size_t columns);

}  // namespace bnn
