#include "bnn/checkpoint/torch_weights.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "bnn/checkpoint/torch_layer.h"
#include "bnn/checkpoint/torch_report.h"
#include "bnn/core/input_file.h"
#include "bnn/core/json_reader.h"

namespace bnn {
namespace {

std::string name_text(const std::string& name) { return json_text(Json(name)); }

// Numbers are finite, and variances are not negative.
void check_numbers(const std::string& path, const std::vector<Tensor>& tensors) {
  for (const Tensor& tensor : tensors) {
    const bool is_variance = tensor.name.ends_with("running_var");
    for (std::size_t i = 0; i < tensor.values.size(); ++i) {
      const bool is_negative = is_variance && tensor.values[i] < 0.0f;
      if (std::isfinite(tensor.values[i]) && !is_negative) continue;
      throw Error(ErrorKind::checkpoint,
                  fmt::format("{}: tensor {}: value {} is {}", path, name_text(tensor.name), i,
                              is_negative ? "negative, as no variance is" : "not finite"));
    }
  }
}

// The outputs of a convolution or dense module.
std::int64_t outputs_of(const Tensor& weight, const TorchTarget* target) {
  const bool is_transposed = target != nullptr && weight.shape.size() == 4 &&
                             kernel_kind(*target->node) == TorchKernel::transposed;
  return weight.shape[is_transposed ? 1 : 0];
}

// Which module goes into which layer.
class Assignment {
 public:
  Assignment(const std::string& source, const std::vector<TorchModule>& modules,
             const TorchMap& map, const Graph& graph)
      : source_(source), modules_(modules), map_(map), graph_(graph) {
    for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
      const Node& node = graph.nodes()[i];
      const bool is_original = node.original == static_cast<int>(i);
      if (is_original && node.variables.size() > 0) targets_[node.variables_name] = {&node};
    }
    check_map();
    for (const TorchModule& module : modules) assign(module);
  }

  const std::map<std::string, TorchTarget>& targets() const { return targets_; }
  const std::vector<std::string>& left_out() const { return left_out_; }

 private:
  void check_map() const {
    for (const auto& [module, layer] : map_) {
      const auto is_named = [&name = module](const TorchModule& one) { return one.name == name; };
      const bool known = std::any_of(modules_.begin(), modules_.end(), is_named);
      if (!known) {
        throw Error(ErrorKind::config,
                    fmt::format("--init-map names the module {}, which {} does not have",
                                name_text(module), source_));
      }
      if (!layer || targets_.contains(*layer)) continue;
      std::vector<std::string> names;
      for (const auto& [name, target] : targets_) names.push_back(name);
      const auto guess = closest(*layer, names);
      throw Error(ErrorKind::config,
                  fmt::format("--init-map names the layer {}, but no layer with weights has this "
                              "name{}",
                              name_text(*layer),
                              guess ? fmt::format(" (did you mean {}?)", name_text(*guess)) : ""));
    }
  }

  // The layer of a module, or null.
  TorchTarget* target_of(const std::string& module) {
    if (const auto found = map_.find(module); found != map_.end()) {
      return found->second ? &targets_.at(*found->second) : nullptr;
    }
    for (const std::string& name : layer_names_of(module)) {
      if (const auto found = targets_.find(name); found != targets_.end()) return &found->second;
    }
    return nullptr;
  }

  const TorchModule* module_of(const std::string& name) const {
    for (const TorchModule& module : modules_) {
      if (module.name == name) return &module;
    }
    return nullptr;
  }

  // The layer of the convolution before a batch normalisation that has no layer of its own.
  TorchTarget* target_before(const TorchModule& normalization) {
    const auto before = convolution_before(normalization.name);
    const TorchModule* module = before ? module_of(*before) : nullptr;
    const Tensor* weight = module == nullptr ? nullptr : module->find("weight");
    if (weight == nullptr || weight->shape.empty()) return nullptr;
    const std::size_t channels = normalization.find("running_mean")->values.size();
    TorchTarget* target = target_of(*before);
    const std::int64_t outputs = outputs_of(*weight, target);
    if (outputs != static_cast<std::int64_t>(channels)) {
      throw Error(
          ErrorKind::checkpoint,
          fmt::format("{}: the batch normalisation {} has {} channels and {} before it has {} "
                      "outputs, so the network seems to normalise before its convolutions; "
                      "--init-map says where each module belongs",
                      source_, name_text(normalization.name), channels, name_text(*before),
                      outputs));
    }
    return target;
  }

  void assign(const TorchModule& module) {
    const auto mapped = map_.find(module.name);
    if (mapped != map_.end() && !mapped->second) return;  // left out on purpose
    TorchTarget* target = target_of(module.name);
    if (target == nullptr && module.is_batch_normalization()) target = target_before(module);
    if (target == nullptr) {
      left_out_.push_back(module.name);
      return;
    }
    const bool is_folded = module.is_batch_normalization() && has_kernel(graph_, *target->node);
    const TorchModule*& place = is_folded ? target->folded : target->own;
    if (place != nullptr) {
      throw Error(
          ErrorKind::checkpoint,
          fmt::format("{}: the modules {} and {} both belong to the layer {}; --init-map says "
                      "which one goes there",
                      source_, name_text(place->name), name_text(module.name),
                      name_text(target->node->variables_name)));
    }
    place = &module;
  }

  const std::string& source_;  // for messages
  const std::vector<TorchModule>& modules_;
  const TorchMap& map_;
  const Graph& graph_;
  std::map<std::string, TorchTarget> targets_;  // of all layers with variables, by name
  std::vector<std::string> left_out_;
};

}  // namespace

TorchStart start_from_torch(const std::string& path, const std::vector<Tensor>& tensors,
                            const TorchMap& map, const Graph& graph, AlignedArray& parameters) {
  const std::string source = shown_path(path);
  check_numbers(source, tensors);
  const std::vector<TorchModule> modules = torch_modules(tensors);
  const Assignment assignment(source, modules, map, graph);
  TorchReport report;
  std::map<std::string, std::vector<float>> values;
  for (const auto& [name, target] : assignment.targets()) {
    if (target.own == nullptr) {
      report.missed(target);
      continue;
    }
    TorchFilling filling = fill_from_torch(graph, target);
    if (filling.reason.empty()) {
      report.took(target, filling);
      values.merge(filling.values);
    } else {
      report.refused(target, filling.reason);
    }
  }
  for (const std::string& module : assignment.left_out()) report.left_out(module);
  if (report.is_empty()) {
    throw Error(ErrorKind::checkpoint,
                fmt::format("{}: nothing in this file fits the network: {}; --init-map says which "
                            "module goes into which layer",
                            source, report.reasons()));
  }
  TorchStart start{report.sentences(source, tensors.size())};
  for (const auto& [name, numbers] : values) {
    const Slice slice = graph.layout().find(name)->slice;
    std::copy(numbers.begin(), numbers.end(), parameters.data() + slice.offset);
    start.taken.insert(name);
  }
  return start;
}

}  // namespace bnn
