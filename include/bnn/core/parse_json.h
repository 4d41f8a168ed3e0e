#pragma once
// Reads JSON text strictly. Thread-safe: no state.

#include <optional>
#include <string>
#include <string_view>

#include "bnn/core/error.h"
#include "bnn/core/json.h"

namespace bnn {

/// Throws Error(kind), with line and column, on: syntax errors, duplicate keys, numbers that do not
/// fit a double, text after the document, NUL bytes, nesting deeper than 64, objects of more than
/// 4096 keys, and more than 2^21 values. Takes time and memory in proportion to the text.
/// @param source names the text in messages.
Json parse_json(std::string_view text, const std::string& source, ErrorKind kind);

/// The same, but returns nothing instead of throwing.
std::optional<Json> try_parse_json(std::string_view text);

}  // namespace bnn
