#pragma once
// JSON Schemas (draft 2020-12) of what the getters of ObjectReader accept.
//
// A schema is made by the functions that read: run on a reader in describing mode, they ask for
// each key by name and type as they always do, and the answers add up to a description.
//
//     void read_kl(ObjectReader& r) { r.real("weight", {.min = 0.0, .fallback = 1.0}); }
//
//     describe_object(read_kl)
//     -> {"type": "object",
//         "properties": {"weight": {"type": "number", "minimum": 0.0, "default": 1.0}},
//         "additionalProperties": false}
//
// Two things a schema cannot say: that 3.0 is not an integer, and rules between keys. There it
// accepts more than the reader.

#include <optional>
#include <string>
#include <vector>

#include "bnn/core/json_reader.h"

namespace bnn {

/// The schema of an object that `read` reads.
Json describe_object(const ObjectReader::Read& read);

/// The schema of an object of one of several types: one alternative for each. For the elements of
/// a list; `read` may call `type()` of its reader or not.
Json variant_schema(const VariantRule& rule, const ObjectReader::ReadVariant& read);

/// The same and the other forms that `ObjectReader::variant` accepts: bare names and null.
Json variant_forms_schema(const VariantRule& rule, const ObjectReader::ReadVariant& read);

/// One for each getter, with the fallback as "default".
Json integer_schema(const IntegerRule& rule);
Json real_schema(const RealRule& rule);
Json boolean_schema(std::optional<bool> fallback);
Json text_schema(const std::optional<std::string>& fallback);
Json choice_schema(const std::vector<std::string>& options,
                   const std::optional<std::string>& fallback);
Json integers_schema(int count, const IntegerRule& rule);
Json texts_schema(const std::optional<std::vector<std::string>>& fallback);

/// One word, in any case; it is the default if it equals the fallback.
Json name_schema(const std::string& name, const std::optional<std::string>& fallback);
/// A list of any length.
Json list_schema(Json element);
/// Any of several schemas; alternatives that are themselves such a list are taken apart.
Json any_of(const std::vector<Json>& alternatives);
/// The same, or null.
Json or_null(const Json& schema);
/// The schema with a default.
Json with_default(Json schema, Json value);

/// The schema with parts that repeat moved to "$defs", each named after the key it is of.
Json share_definitions(Json schema);

/// True if the described object has keys that must be there.
bool requires_keys(const Json& schema);

}  // namespace bnn
