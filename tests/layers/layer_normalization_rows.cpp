// Rows for the keys of normalisation layers.

#include "bnn/layers/batch_normalization.h"
#include "bnn/layers/example_normalization.h"
#include "layers/layer_argument_rows.h"

namespace bnn::testing {

const NormalizationSpec& normalization_of(const LayerSpec& layer) {
  if (const auto* batch = layer.options.get_if<BatchNormalizationSpec>()) return *batch;
  if (const auto* group = layer.options.get_if<GroupNormalizationSpec>()) return *group;
  return *layer.options.get_if<FilterResponseNormalizationSpec>();
}

std::vector<ArgumentRow> normalization_rows() {
  const std::vector<std::string> flag = {"true or false", "found \"no\""};
  std::vector<ArgumentRow> rows = {
      {"epsilon",
       0.25,
       0,
       {"above 0", "found 0"},
       [](const LayerSpec& l) { return normalization_of(l).epsilon == 0.25; }},
      {"momentum",
       0.5,
       1.5,
       {"at most 1", "found 1.5"},
       [](const LayerSpec& l) {
         return l.options.get_if<BatchNormalizationSpec>()->momentum == 0.5;
       }},
      {"groups",
       -1,
       -2,
       {"an integer from -1", "found -2"},
       [](const LayerSpec& l) { return l.options.get_if<GroupNormalizationSpec>()->groups == -1; }},
      {"center", false, "no", flag, [](const LayerSpec& l) { return !normalization_of(l).beta; }},
      {"scale", false, "no", flag, [](const LayerSpec& l) { return !normalization_of(l).gamma; }},
      {"threshold", false, "no", flag, [](const LayerSpec& l) { return !normalization_of(l).tau; }},
  };
  const auto add = [&](const std::string& name, const GetVariable& variable) {
    for (ArgumentRow& row : variable_rows(name + "_", variable)) rows.push_back(std::move(row));
  };
  using Layer = const LayerSpec&;
  add("gamma", [](Layer l) -> const VariableSpec& { return *normalization_of(l).gamma; });
  add("beta", [](Layer l) -> const VariableSpec& { return *normalization_of(l).beta; });
  add("tau", [](Layer l) -> const VariableSpec& { return *normalization_of(l).tau; });
  return rows;
}

}  // namespace bnn::testing
