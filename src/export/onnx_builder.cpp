#include "bnn/export/onnx_builder.h"

#include <utility>

namespace bnn {

std::string OnnxBuilder::free_name(const std::string& name) {
  std::string candidate = name;
  for (int n = 2; !taken_.insert(candidate).second; ++n) candidate = name + "_" + std::to_string(n);
  return candidate;
}

std::string OnnxBuilder::node(const std::string& type, const std::vector<std::string>& inputs,
                              const std::string& name,
                              std::map<std::string, OnnxAttribute> attributes) {
  model_.nodes.push_back({type, inputs, free_name(name), std::move(attributes)});
  return model_.nodes.back().output;
}

std::string OnnxBuilder::constant(const std::string& name, std::vector<std::int64_t> dimensions,
                                  std::vector<float> values) {
  model_.constants.push_back({free_name(name), std::move(dimensions), std::move(values)});
  return model_.constants.back().name;
}

std::string OnnxBuilder::shared_constant(const std::string& name,
                                         const std::function<OnnxTensor()>& make) {
  if (const auto found = shared_.find(name); found != shared_.end()) return found->second;
  OnnxTensor tensor = make();
  tensor.name = free_name(name);
  model_.constants.push_back(std::move(tensor));
  return shared_[name] = model_.constants.back().name;
}

std::string OnnxBuilder::integers(const std::string& name, std::vector<std::int64_t> values) {
  const auto size = static_cast<std::int64_t>(values.size());
  model_.constants.push_back({free_name(name), {size}, std::move(values)});
  return model_.constants.back().name;
}

std::string OnnxBuilder::input(const std::string& name, std::vector<std::int64_t> dimensions) {
  model_.inputs.push_back({free_name(name), std::move(dimensions)});
  return model_.inputs.back().name;
}

void OnnxBuilder::output(const std::string& name, const std::string& value,
                         std::vector<std::int64_t> dimensions) {
  model_.nodes.push_back({"Identity", {value}, name});
  model_.outputs.push_back({name, std::move(dimensions)});
}

}  // namespace bnn
