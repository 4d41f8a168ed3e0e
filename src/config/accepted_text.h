#pragma once
// What one key accepts, in words: "whole number, 1 to 1024, or null".

#include <string>
#include <vector>

#include "bnn/core/json_reader.h"

namespace bnn {

/// @param alternatives schemas without references and without "anyOf"
/// @param object_text stands for every alternative that is an object; "" if there is none
std::string accepted_text(const std::vector<Json>& alternatives, const std::string& object_text);

/// True if null is among what a schema accepts.
bool accepts_null(const Json& schema);

/// True if an object is.
bool accepts_object(const Json& schema);

}  // namespace bnn
