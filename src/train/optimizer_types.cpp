#include "bnn/train/optimizer_types.h"

#include <algorithm>

#include "bnn/core/json_reader.h"
#include "bnn/core/json_schema.h"
#include "bnn/train/adam.h"

namespace bnn {
namespace {

const OptimizerType& type_of(const std::vector<OptimizerType>& types, const std::string& name) {
  return *std::find_if(types.begin(), types.end(),
                       [&](const OptimizerType& type) { return type.name == name; });
}

}  // namespace

const std::vector<OptimizerType>& optimizer_types() {
  static const std::vector<OptimizerType> types = {
      {"adam", [](ObjectReader& reader) { return adam_optimizer(read_adam(reader)); }},
  };
  return types;
}

OptimizerSpec read_optimizer(ObjectReader& reader, const std::vector<OptimizerType>& types) {
  VariantRule rule{.types = {}, .default_type = types.front().name};
  for (const OptimizerType& type : types) rule.types.push_back(type.name);
  const std::string name = reader.choice(rule.discriminator, rule.types, rule.default_type);
  OptimizerSpec spec = type_of(types, name).read(reader);
  if (reader.describing() && types.size() > 1) {
    reader.describe_whole(variant_schema(
        rule, [&](ObjectReader& r, const std::string& each) { type_of(types, each).read(r); }));
  }
  return spec;
}

}  // namespace bnn
