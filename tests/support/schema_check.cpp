#include "support/schema_check.h"

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

namespace bnn::testing {
namespace {

using Adapter = valijson::adapters::NlohmannJsonAdapter;

// The validator knows the kind of JSON value that forgets the order of keys.
nlohmann::json unordered(const Json& value) { return nlohmann::json::parse(value.dump()); }

}  // namespace

struct SchemaCheck::Compiled {
  valijson::Schema schema;
};

SchemaCheck::SchemaCheck(const Json& schema) : compiled_(std::make_unique<Compiled>()) {
  const nlohmann::json document = unordered(schema);
  valijson::SchemaParser(valijson::SchemaParser::kDraft7)
      .populateSchema(Adapter(document), compiled_->schema);
}

SchemaCheck::~SchemaCheck() = default;

std::string SchemaCheck::fault(const Json& document) const {
  const nlohmann::json value = unordered(document);
  valijson::ValidationResults results;
  valijson::Validator validator;
  if (validator.validate(compiled_->schema, Adapter(value), &results)) return "";
  valijson::ValidationResults::Error error;
  std::string text = "refused";
  if (results.popError(error)) {
    for (const std::string& step : error.context) text += " " + step;
    text += ": " + error.description;
  }
  return text;
}

}  // namespace bnn::testing
