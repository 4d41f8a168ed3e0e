#include "bnn/checkpoint/torch_modules.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <string_view>

#include "bnn/core/input_file.h"
#include "bnn/core/json_reader.h"
#include "bnn/core/parse_json.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxMapBytes = std::size_t{1} << 20;

// The parts of a name between its dots.
std::vector<std::string> parts_of(const std::string& name) {
  std::vector<std::string> parts(1);
  for (const char c : name) {
    if (c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::string replaced(std::string name, char separator) {
  std::replace(name.begin(), name.end(), '.', separator);
  return name;
}

std::optional<int> whole_number_of(std::string_view text) {
  int number = 0;
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, number);
  const bool is_number = error == std::errc() && last == end && number >= 0 && number < 1000000;
  return is_number ? std::optional(number) : std::nullopt;
}

// The number behind a word: 2 of "layer2".
std::optional<int> number_after(std::string_view word, std::string_view text) {
  if (!text.starts_with(word)) return std::nullopt;
  return whole_number_of(text.substr(word.size()));
}

// "conv2" of "conv2", "norm2" of "bn2".
std::optional<std::string> part_of_block(const std::string& module) {
  if (const auto number = number_after("conv", module)) return fmt::format("conv{}", *number);
  if (const auto number = number_after("bn", module)) return fmt::format("norm{}", *number);
  return std::nullopt;
}

// The preset's name of a module of a ResNet.
std::optional<std::string> resnet_layer(const std::string& module) {
  const std::vector<std::string> parts = parts_of(module);
  if (parts.size() == 1) {
    if (module == "fc" || module == "linear") return "logits";
    return part_of_block(module);
  }
  const auto stage = number_after("layer", parts[0]);
  const auto block = whole_number_of(parts[1]);
  if (!stage || !block || parts.size() < 3) return std::nullopt;
  const std::string begin = fmt::format("stage{}_block{}_", *stage, *block + 1);
  if (parts.size() == 3) {
    const auto part = part_of_block(parts[2]);
    return part ? std::optional(begin + *part) : std::nullopt;
  }
  const bool is_shortcut = parts[2] == "downsample" || parts[2] == "shortcut";
  if (!is_shortcut || parts.size() != 4) return std::nullopt;
  if (parts[3] == "0") return begin + "shortcut_conv";
  if (parts[3] == "1") return begin + "shortcut_norm";
  return std::nullopt;
}

// What wrappers put in front of every name.
std::size_t wrapper_size(const std::vector<Tensor>& tensors) {
  constexpr std::array<std::string_view, 3> kWrappers = {"module.", "model.", "_orig_mod."};
  std::size_t size = 0;
  const auto all_begin_with = [&](std::string_view wrapper) {
    return std::all_of(tensors.begin(), tensors.end(), [&](const Tensor& tensor) {
      return std::string_view(tensor.name).substr(size).starts_with(wrapper);
    });
  };
  for (bool found = !tensors.empty(); found;) {
    found = false;
    for (const std::string_view wrapper : kWrappers) {
      if (!all_begin_with(wrapper)) continue;
      size += wrapper.size();
      found = true;
    }
  }
  return size;
}

}  // namespace

const Tensor* TorchModule::find(const std::string& tensor) const {
  const auto found = tensors.find(tensor);
  return found == tensors.end() ? nullptr : found->second;
}

std::vector<TorchModule> torch_modules(const std::vector<Tensor>& tensors) {
  std::map<std::string, TorchModule> modules;
  const std::size_t wrapper = wrapper_size(tensors);
  for (const Tensor& tensor : tensors) {
    const std::string name = tensor.name.substr(wrapper);
    const std::size_t dot = name.rfind('.');
    const std::string module = dot == std::string::npos ? "" : name.substr(0, dot);
    // A whole number that no pass reads. Some programs write it as a fraction.
    if (dot != std::string::npos && name.substr(dot + 1) == "num_batches_tracked") continue;
    modules[module].name = module;
    modules[module].tensors[dot == std::string::npos ? name : name.substr(dot + 1)] = &tensor;
  }
  std::vector<TorchModule> list;
  for (auto& [name, module] : modules) list.push_back(std::move(module));
  return list;
}

TorchMap read_torch_map(const std::string& path) {
  const std::string source = shown_path(path);
  const Json document =
      parse_json(read_text_file(path, kMaxMapBytes, ErrorKind::config), source, ErrorKind::config);
  if (!document.is_object()) {
    throw Error(ErrorKind::config,
                fmt::format("{}: expected an object of modules and layers, found {}", source,
                            json_text(document)));
  }
  TorchMap map;
  for (const auto& [module, layer] : document.items()) {
    if (!layer.is_string() && !layer.is_null()) {
      throw Error(ErrorKind::config,
                  fmt::format("{}: /{}: expected the name of a layer or null, found {}", source,
                              module, json_text(layer)));
    }
    map[module] = layer.is_null() ? std::nullopt : std::optional(layer.text());
  }
  return map;
}

std::vector<std::string> layer_names_of(const std::string& module) {
  std::vector<std::string> names = {module, replaced(module, '/'), replaced(module, '_')};
  if (const auto name = resnet_layer(module)) names.push_back(*name);
  return names;
}

std::optional<std::string> convolution_before(const std::string& module) {
  const std::size_t dot = module.rfind('.');
  const std::string parent = dot == std::string::npos ? "" : module.substr(0, dot + 1);
  const std::string last = module.substr(parent.size());
  if (const auto number = whole_number_of(last)) {
    return *number > 0 ? std::optional(parent + std::to_string(*number - 1)) : std::nullopt;
  }
  for (const std::string word : {"bn", "norm"}) {
    if (last.starts_with(word)) return parent + "conv" + last.substr(word.size());
  }
  return std::nullopt;
}

}  // namespace bnn
