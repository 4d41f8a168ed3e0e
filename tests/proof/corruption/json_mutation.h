#pragma once
// Changes of a JSON document that a reader may not have thought of.

#include <string>

#include "json_tree.h"
#include "random.h"

namespace bnn::proof {

/// Changes one place: a value of another type, a hostile number or name, a key that is missing,
/// double, renamed or new, values that change places, a word of configs in place of another, deep
/// nesting.
void mutate_json(JsonNode& root, Random& random);
/// The same of JSON that stands as text in a string of another document.
void mutate_embedded(JsonNode& text, Random& random);

/// A number that readers get wrong, as a token: some are no JSON.
std::string hostile_number(Random& random);
/// A name that outputs, paths or readers get wrong.
std::string hostile_name(Random& random);

}  // namespace bnn::proof
