#include "bnn/export/onnx_model.h"

#include <bit>
#include <span>
#include <string_view>

#include "bnn/files/protobuf.h"

namespace bnn {
namespace {

using protobuf::bytes_field;
using protobuf::varint_field;

// Numbers of fields and enumerators in onnx.proto.
constexpr std::uint64_t kIrVersion = 7, kOpset = 13;
constexpr std::uint64_t kFloat = 1, kInt64 = 7;
constexpr std::uint64_t kFloatAttribute = 1, kIntAttribute = 2, kIntsAttribute = 7;

static_assert(std::endian::native == std::endian::little,
              "raw_data is written as it lies in memory");

template <typename Number>
std::string_view raw(const std::vector<Number>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string tensor_message(const OnnxTensor& tensor) {
  std::string message;
  for (const std::int64_t size : tensor.dimensions) {
    message += varint_field(1, static_cast<std::uint64_t>(size));
  }
  const auto* floats = std::get_if<std::vector<float>>(&tensor.values);
  message += varint_field(2, floats != nullptr ? kFloat : kInt64) + bytes_field(8, tensor.name);
  const std::string_view data =
      floats != nullptr ? raw(*floats) : raw(std::get<std::vector<std::int64_t>>(tensor.values));
  return message.append(protobuf::bytes_head(9, data.size())).append(data);
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

std::string graph_message(const OnnxModel& model) {
  std::string message;
  for (const OnnxNode& node : model.nodes) message += bytes_field(1, node_message(node));
  message += bytes_field(2, model.name);
  for (const OnnxTensor& tensor : model.constants) {
    const std::string bytes = tensor_message(tensor);
    message.append(protobuf::bytes_head(5, bytes.size())).append(bytes);
  }
  for (const OnnxValue& value : model.inputs) message += bytes_field(11, value_message(value));
  for (const OnnxValue& value : model.outputs) message += bytes_field(12, value_message(value));
  return message;
}

}  // namespace

std::string onnx_bytes(const OnnxModel& model) {
  std::string bytes = varint_field(1, kIrVersion) + bytes_field(2, "bnn") +
                      bytes_field(3, model.producer_version) + bytes_field(6, model.description);
  const std::string graph = graph_message(model);
  bytes.append(protobuf::bytes_head(7, graph.size())).append(graph);
  bytes += bytes_field(8, bytes_field(1, "") + varint_field(2, kOpset));
  for (const auto& [key, value] : model.metadata) {
    bytes += bytes_field(14, bytes_field(1, key) + bytes_field(2, value));
  }
  return bytes;
}

}  // namespace bnn
