#include "bnn/train/optimizer_types.h"

#include <algorithm>

#include "bnn/core/json_reader.h"
#include "bnn/core/json_schema.h"
#include "bnn/train/adam.h"
#include "bnn/train/ivon.h"
#include "bnn/train/sgd.h"

namespace bnn {
namespace {

const OptimizerType& type_of(const std::string& name) {
  const std::vector<OptimizerType>& types = optimizer_types();
  return *std::find_if(types.begin(), types.end(),
                       [&](const OptimizerType& type) { return type.name == name; });
}

}  // namespace

const std::vector<OptimizerType>& optimizer_types() {
  static const std::vector<OptimizerType> types = {
      {"adam", [](ObjectReader& reader) { return adam_optimizer(read_adam(reader)); }},
      {"adamw", [](ObjectReader& reader) { return adam_optimizer(read_adamw(reader)); }},
      {"ivon", [](ObjectReader& reader) { return ivon_optimizer(read_ivon(reader)); }},
      {"sgd", [](ObjectReader& reader) { return sgd_optimizer(read_sgd(reader)); }},
  };
  return types;
}

OptimizerSpec read_optimizer(ObjectReader& reader) {
  VariantRule rule{.types = {}, .default_type = optimizer_types().front().name};
  for (const OptimizerType& type : optimizer_types()) rule.types.push_back(type.name);
  const std::string name = reader.choice(rule.discriminator, rule.types, rule.default_type);
  OptimizerSpec spec = type_of(name).read(reader);
  if (reader.describing()) {
    reader.describe_whole(variant_schema(
        rule, [](ObjectReader& r, const std::string& each) { type_of(each).read(r); }));
  }
  return spec;
}

}  // namespace bnn
