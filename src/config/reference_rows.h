#pragma once
// The schema of configs taken apart into the tables of the reference: for each section its types
// of object and its keys, each key with what it accepts and its default.

#include <string>
#include <vector>

#include "bnn/core/json_reader.h"
#include "reference_text.h"

namespace bnn {

/// One meaning of a key. Types of object may differ in it, as `strides` of convolutions and pools.
struct KeyForm {
  std::string accepts, fallback;    // the latter "required" if there is none
  std::vector<std::string> owners;  // types, or the keys that lead to the object
};

struct KeyRow {
  std::string key;
  std::vector<KeyForm> forms;
};

struct TypeRow {
  std::string name;
  std::vector<std::string> keys;  // without the one that names the type
};

struct SectionRows {
  SectionText text;
  std::vector<TypeRow> types = {};
  std::vector<KeyRow> keys = {};
};

/// The rows of each section, in the order of `texts`; keys in the order of the schema.
/// Throws Error(internal) for an object that has no section.
std::vector<SectionRows> reference_rows(const Json& schema, const std::vector<SectionText>& texts);

/// The anchor that Markdown viewers give to a heading.
std::string heading_anchor(std::string_view title);

}  // namespace bnn
