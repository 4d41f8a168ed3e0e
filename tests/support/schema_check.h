#pragma once
// Whether a document satisfies a JSON Schema, by a validator that knows nothing of this project.

#include <memory>
#include <string>

#include "bnn/core/json_reader.h"

namespace bnn::testing {

class SchemaCheck {
 public:
  explicit SchemaCheck(const Json& schema);
  ~SchemaCheck();

  /// The first thing in the document that the schema refuses, or "".
  std::string fault(const Json& document) const;
  bool accepts(const Json& document) const { return fault(document).empty(); }

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace bnn::testing
