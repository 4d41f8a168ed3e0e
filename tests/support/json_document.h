#pragma once
// JSON documents of tests: read from text, and places in them named by JSON pointers.

#include <string>
#include <utility>
#include <vector>

#include "bnn/core/json.h"

namespace bnn::testing {

/// The value of a text that is known to be good.
Json parsed(const std::string& text);

/// The value at a JSON pointer ("/model/layers/0/filters"), which must be there.
const Json& at_pointer(const Json& document, const std::string& pointer);
/// The same; what the last part names is made if it is not there.
Json& at_pointer(Json& document, const std::string& pointer);

/// Whether something is there.
bool has_pointer(const Json& document, const std::string& pointer);

/// The pointer without its last part.
std::string parent_pointer(const std::string& pointer);

/// Every value that is no list or object of others, with its pointer.
std::vector<std::pair<std::string, Json>> flattened(const Json& document);

}  // namespace bnn::testing
