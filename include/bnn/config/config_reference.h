#pragma once
// The reference of all config keys as Markdown: what configs/README.md holds between its two marks.
//
// Names, values, ranges and defaults come from the schema, which the functions that read a config
// make. One sentence for each key comes from a table in src/config/reference_text.h.

#include <string>

#include "bnn/core/json_reader.h"

namespace bnn {

/// @param schema run_config_schema()
/// Throws Error(internal) that lists the keys without a sentence and the sentences without a key.
std::string config_reference(const Json& schema);

}  // namespace bnn
