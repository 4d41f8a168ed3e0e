#include "bnn/bayes/tensor_names.h"

#include <fmt/format.h>

namespace bnn {

std::string optimizer_tensor_name(std::string_view array, std::string_view variable) {
  return fmt::format("{}{}/{}", kOptimizerPrefix, array, variable);
}

bool is_optimizer_tensor_name(std::string_view name) { return name.starts_with(kOptimizerPrefix); }

std::string_view optimizer_array_of(std::string_view name) {
  if (!is_optimizer_tensor_name(name)) return "";
  name.remove_prefix(kOptimizerPrefix.size());
  return name.substr(0, name.find('/'));
}

}  // namespace bnn
