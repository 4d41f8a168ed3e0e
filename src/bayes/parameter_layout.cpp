#include "bnn/bayes/parameter_layout.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace bnn {

std::size_t Variable::columns() const {
  return shape.empty() ? 1 : static_cast<std::size_t>(shape.back());
}

std::string deterministic_name(std::string variable) {
  constexpr std::string_view kSuffix = "_posterior_loc";
  if (variable.ends_with(kSuffix)) variable.resize(variable.size() - kSuffix.size());
  return variable;
}

Slice ParameterLayout::add(Variable variable) {
  std::size_t count = 1;
  for (std::int64_t dimension : variable.shape) count *= static_cast<std::size_t>(dimension);
  variable.slice = {size_, count};
  variable.trainable = variable.trainable && !variable.is_state();
  size_ += round_to_alignment(count);
  variables_.push_back(std::move(variable));
  return variables_.back().slice;
}

const Variable* ParameterLayout::find(const std::string& name) const {
  const auto found = std::find_if(variables_.begin(), variables_.end(),
                                  [&](const Variable& variable) { return variable.name == name; });
  return found == variables_.end() ? nullptr : &*found;
}

std::size_t ParameterLayout::parameters() const {
  std::size_t count = 0;
  for (const Variable& variable : variables_)
    count += variable.is_state() ? 0 : variable.slice.size;
  return count;
}

std::size_t ParameterLayout::numbers() const {
  std::size_t count = 0;
  for (const Variable& variable : variables_) count += variable.slice.size;
  return count;
}

void initialize_parameters(const ParameterLayout& layout, std::uint64_t seed,
                           AlignedArray& parameters) {
  std::uint32_t index = 0;
  for (const Variable& variable : layout.variables()) {
    const Stream stream{seed, Site::initializer, index++, 0, 0};
    initialize(variable.initializer, variable.shape, stream,
               parameters.span().subspan(variable.slice.offset, variable.slice.size));
  }
}

}  // namespace bnn
