#include "bnn/checkpoint/torch_report.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "bnn/checkpoint/torch_kernels.h"
#include "bnn/core/json_reader.h"
#include "bnn/layers/batch_normalization.h"
#include "bnn/layers/example_normalization.h"

namespace bnn {
namespace {

constexpr std::size_t kMostInLog = 20, kMostInError = 2;

std::string names_text(const std::vector<std::string>& names, std::size_t most) {
  std::vector<std::string> shown;
  for (const std::string& name : names) {
    if (shown.size() < most) shown.push_back(json_text(Json(name)));
  }
  const std::string text = fmt::format("{}", fmt::join(shown, ", "));
  return names.size() > most ? fmt::format("{} and {} more", text, names.size() - most) : text;
}

std::string count_text(std::size_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

// Of a normalisation that PyTorch has too.
std::optional<double> epsilon_of(const Node& node) {
  if (const auto* batch = node.options.get_if<BatchNormalizationSpec>()) return batch->epsilon;
  if (const auto* group = node.options.get_if<GroupNormalizationSpec>()) return group->epsilon;
  return std::nullopt;
}

}  // namespace

void TorchReport::took(const TorchTarget& target, const TorchFilling& filling) {
  const std::string& layer = target.node->variables_name;
  ++layers_;
  tensors_ += target.own->tensors.size();
  if (target.folded != nullptr) {
    ++folded_;
    tensors_ += target.folded->tensors.size();
  }
  if (filling.is_reordered) reordered_.push_back(layer);
  if (const auto epsilon = epsilon_of(*target.node); epsilon && *epsilon != kTorchEpsilon) {
    other_epsilon_.push_back(layer);
  }
}

void TorchReport::refused(const TorchTarget& target, const std::string& reason) {
  refused_.push_back(fmt::format("layer {} keeps its initial values: {}",
                                 json_text(Json(target.node->variables_name)), reason));
}

void TorchReport::missed(const TorchTarget& target) {
  missed_.push_back(target.node->variables_name);
}

std::vector<std::string> TorchReport::sentences(const std::string& source,
                                                std::size_t tensors) const {
  std::vector<std::string> list = {fmt::format("took {} of {} from {}, for {}", tensors_,
                                               count_text(tensors, "tensor"), source,
                                               count_text(layers_, "layer"))};
  if (folded_ > 0) {
    list.push_back(
        fmt::format("folded {} into the convolutions and dense layers before, with "
                    "PyTorch's epsilon of {}",
                    count_text(folded_, "batch normalisation"), kTorchEpsilon));
  }
  if (!reordered_.empty()) {
    list.push_back(
        fmt::format("put the inputs of {} in the order of this program's flatten; "
                    "PyTorch flattens channel by channel",
                    names_text(reordered_, kMostInLog)));
  }
  if (!other_epsilon_.empty()) {
    list.push_back(
        fmt::format("epsilon differs from PyTorch's, which is {0} unless a network sets "
                    "it, in {1}; \"epsilon\": {0} gives its outputs",
                    kTorchEpsilon, names_text(other_epsilon_, kMostInLog)));
  }
  const std::vector<std::string> more = what_is_left(kMostInLog);
  list.insert(list.end(), more.begin(), more.end());
  return list;
}

std::vector<std::string> TorchReport::what_is_left(std::size_t most) const {
  const std::size_t shown = std::min(refused_.size(), most);
  std::vector<std::string> list(refused_.begin(),
                                refused_.begin() + static_cast<std::ptrdiff_t>(shown));
  if (refused_.size() > shown) {
    list.push_back(count_text(refused_.size() - shown, "more layer") + " for such reasons");
  }
  if (!missed_.empty()) {
    list.push_back("without a module, at initial values: " + names_text(missed_, most));
  }
  if (!left_out_.empty()) {
    list.push_back("without a layer, left out: " + names_text(left_out_, most));
  }
  return list;
}

std::string TorchReport::reasons() const {
  return fmt::format("{}", fmt::join(what_is_left(kMostInError), "; "));
}

}  // namespace bnn
