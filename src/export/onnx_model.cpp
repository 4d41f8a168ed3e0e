#include "bnn/export/onnx_model.h"

#include <bit>
#include <utility>

#include "bnn/files/protobuf.h"

namespace bnn {
namespace {

using protobuf::bytes_field;
using protobuf::varint_field;

// Numbers of fields and enumerators in onnx.proto.
constexpr std::uint64_t kIrVersion = 7, kOpset = 13;
constexpr std::uint64_t kFloat = 1, kInt64 = 7;
constexpr std::uint64_t kFloatAttribute = 1, kIntAttribute = 2, kStringAttribute = 3,
                        kIntsAttribute = 7;

static_assert(std::endian::native == std::endian::little,
              "raw_data is written as it lies in memory");

std::span<const std::byte> raw(const OnnxTensor& tensor) {
  return std::visit([](const auto& values) { return std::as_bytes(std::span(values)); },
                    tensor.values);
}

// The message without its numbers, which follow.
std::string tensor_head(const OnnxTensor& tensor) {
  std::string message;
  for (const std::int64_t size : tensor.dimensions) {
    message += varint_field(1, static_cast<std::uint64_t>(size));
  }
  const bool is_float = std::holds_alternative<std::vector<float>>(tensor.values);
  message += varint_field(2, is_float ? kFloat : kInt64) + bytes_field(8, tensor.name);
  return message + protobuf::bytes_head(9, raw(tensor).size());
}

std::string attribute_message(const std::string& name, const OnnxAttribute& attribute) {
  std::string message = bytes_field(1, name);
  if (const auto* number = std::get_if<float>(&attribute)) {
    return message + protobuf::float_field(2, *number) + varint_field(20, kFloatAttribute);
  }
  if (const auto* whole = std::get_if<std::int64_t>(&attribute)) {
    return message + varint_field(3, static_cast<std::uint64_t>(*whole)) +
           varint_field(20, kIntAttribute);
  }
  if (const auto* text = std::get_if<std::string>(&attribute)) {
    return message + bytes_field(4, *text) + varint_field(20, kStringAttribute);
  }
  for (const std::int64_t value : std::get<std::vector<std::int64_t>>(attribute)) {
    message += varint_field(8, static_cast<std::uint64_t>(value));
  }
  return message + varint_field(20, kIntsAttribute);
}

std::string node_message(const OnnxNode& node) {
  std::string message;
  for (const std::string& input : node.inputs) message += bytes_field(1, input);
  message += bytes_field(2, node.output) + bytes_field(3, node.output) + bytes_field(4, node.type);
  for (const auto& [name, attribute] : node.attributes) {
    message += bytes_field(5, attribute_message(name, attribute));
  }
  return message;
}

std::string value_message(const OnnxValue& value) {
  std::string shape;
  for (const std::int64_t size : value.dimensions) {
    shape += bytes_field(
        1, size < 0 ? bytes_field(2, "images") : varint_field(1, static_cast<std::uint64_t>(size)));
  }
  const std::string tensor = varint_field(1, kFloat) + bytes_field(2, shape);
  return bytes_field(1, value.name) + bytes_field(2, bytes_field(1, tensor));
}

// The graph in pieces.
OnnxFile graph_file(const OnnxModel& model) {
  OnnxFile file;
  const auto add = [&](std::string text) {
    file.texts.push_back(std::move(text));
    file.parts.push_back(std::as_bytes(std::span(file.texts.back())));
  };
  std::string nodes;
  for (const OnnxNode& node : model.nodes) nodes += bytes_field(1, node_message(node));
  add(nodes + bytes_field(2, model.name));
  for (const OnnxTensor& tensor : model.constants) {
    const std::string head = tensor_head(tensor);
    add(protobuf::bytes_head(5, head.size() + raw(tensor).size()) + head);
    file.parts.push_back(raw(tensor));
  }
  std::string values;
  for (const OnnxValue& value : model.inputs) values += bytes_field(11, value_message(value));
  for (const OnnxValue& value : model.outputs) values += bytes_field(12, value_message(value));
  add(std::move(values));
  return file;
}

}  // namespace

std::size_t OnnxFile::size() const {
  std::size_t bytes = 0;
  for (const auto& part : parts) bytes += part.size();
  return bytes;
}

OnnxFile onnx_file(const OnnxModel& model) {
  OnnxFile file = graph_file(model);
  const std::size_t graph = file.size();
  file.texts.push_back(varint_field(1, kIrVersion) + bytes_field(2, "bnn") +
                       bytes_field(3, model.producer_version) + bytes_field(6, model.description) +
                       protobuf::bytes_head(7, graph));
  file.parts.insert(file.parts.begin(), std::as_bytes(std::span(file.texts.back())));
  std::string end = bytes_field(8, bytes_field(1, "") + varint_field(2, kOpset));
  for (const auto& [key, value] : model.metadata) {
    end += bytes_field(14, bytes_field(1, key) + bytes_field(2, value));
  }
  file.texts.push_back(std::move(end));
  file.parts.push_back(std::as_bytes(std::span(file.texts.back())));
  return file;
}

}  // namespace bnn
