#include "bnn/checkpoint/initial_weights.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "bnn/bayes/tensor_names.h"
#include "bnn/core/error.h"
#include "bnn/core/input_file.h"
#include "bnn/core/json_reader.h"
#include "bnn/core/shape.h"

namespace bnn {
namespace {

std::string quoted(const std::string& name) { return json_text(Json(name)); }

// Which tensor goes into which variable, and what does not fit.
class Matching {
 public:
  Matching(const CheckpointContents& contents, const ParameterLayout& layout) {
    for (const Tensor& tensor : contents.tensors) {
      if (!is_optimizer_tensor_name(tensor.name)) left_over_[tensor.name] = &tensor;
    }
    find_kept(layout);
    for (const Variable& variable : layout.variables()) match(variable);
    for (const auto& [name, tensor] : left_over_) {
      problems_.push_back(
          fmt::format("tensor {} belongs to no layer of the network", quoted(name)));
    }
  }

  const std::vector<std::string>& problems() const { return problems_; }

  void copy(AlignedArray& parameters) const {
    for (const auto& [variable, tensor] : pairs_) {
      std::copy(tensor->values.begin(), tensor->values.end(),
                parameters.data() + variable->slice.offset);
    }
  }

 private:
  // Variables of a random tensor that a deterministic one says nothing about.
  void find_kept(const ParameterLayout& layout) {
    const auto name = [&](std::size_t variable) { return layout.variables()[variable].name; };
    for (const RandomTensor& tensor : layout.random_tensors()) {
      if (left_over_.contains(name(tensor.loc))) continue;
      if (!left_over_.contains(deterministic_name(name(tensor.loc)))) continue;
      kept_.insert(name(tensor.untransformed_scale));
      if (tensor.prior_loc) kept_.insert(name(*tensor.prior_loc));
      if (tensor.prior_scale) kept_.insert(name(*tensor.prior_scale));
    }
  }

  void match(const Variable& variable) {
    auto found = left_over_.find(variable.name);
    if (found == left_over_.end()) found = left_over_.find(deterministic_name(variable.name));
    if (found == left_over_.end()) {
      if (!kept_.contains(variable.name)) {
        problems_.push_back(fmt::format("tensor {} is missing", quoted(variable.name)));
      }
      return;
    }
    const Tensor* tensor = found->second;
    left_over_.erase(found);
    if (tensor->shape != variable.shape) {
      problems_.push_back(fmt::format("tensor {} has shape {}, expected {}", quoted(tensor->name),
                                      shape_text(tensor->shape), shape_text(variable.shape)));
      return;
    }
    pairs_.emplace_back(&variable, tensor);
  }

  std::map<std::string, const Tensor*> left_over_;
  std::set<std::string> kept_;
  std::vector<std::pair<const Variable*, const Tensor*>> pairs_;
  std::vector<std::string> problems_;
};

}  // namespace

void start_from_weights(const std::string& path, const CheckpointContents& contents,
                        const ParameterLayout& layout, AlignedArray& parameters) {
  const Matching matching(contents, layout);
  if (!matching.problems().empty()) {
    throw Error(ErrorKind::checkpoint,
                fmt::format("{}: these weights do not fit the network: {}", shown_path(path),
                            fmt::join(matching.problems(), "; ")));
  }
  matching.copy(parameters);
}

}  // namespace bnn
