#include <cstring>
#include <functional>
#include <stdexcept>

#include "export/onnx_reader.h"

namespace bnn::testing {
namespace {

// One field of a message: a number, or bytes.
struct Field {
  unsigned number = 0;
  std::uint64_t value = 0;
  std::string bytes = {};

  std::int64_t whole() const { return static_cast<std::int64_t>(value); }
};

class Message {
 public:
  explicit Message(const std::string& bytes) : bytes_(bytes) {}

  bool next(Field& field) {
    if (at_ == bytes_.size()) return false;
    const std::uint64_t key = varint();
    field = {.number = static_cast<unsigned>(key >> 3)};
    switch (key & 7) {
      case 0:
        field.value = varint();
        break;
      case 2:
        field.bytes = take(varint());
        break;
      case 5: {
        const std::string four = take(4);
        std::uint32_t bits = 0;
        std::memcpy(&bits, four.data(), sizeof bits);
        field.value = bits;
        break;
      }
      default:
        throw std::runtime_error("unknown wire type");
    }
    return true;
  }

 private:
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      value |= static_cast<std::uint64_t>(byte & 0x7Fu) << shift;
      if (byte < 0x80) return value;
    }
  }
  std::string take(std::uint64_t size) {
    if (size > bytes_.size() - at_) throw std::runtime_error("the file ends within a field");
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }

  const std::string& bytes_;
  std::size_t at_ = 0;
};

void for_fields(const std::string& bytes, const std::function<void(const Field&)>& visit) {
  Message message(bytes);
  for (Field field; message.next(field);) visit(field);
}

template <typename Number>
std::vector<double> numbers(const std::string& bytes) {
  std::vector<double> values;
  for (std::size_t at = 0; at + sizeof(Number) <= bytes.size(); at += sizeof(Number)) {
    Number value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    values.push_back(static_cast<double>(value));
  }
  return values;
}

std::pair<std::string, ReadTensor> read_tensor(const std::string& bytes) {
  std::pair<std::string, ReadTensor> tensor;
  std::int64_t type = 0;
  std::string data;
  for_fields(bytes, [&](const Field& field) {
    if (field.number == 1) tensor.second.shape.push_back(field.whole());
    if (field.number == 2) type = field.whole();
    if (field.number == 8) tensor.first = field.bytes;
    if (field.number == 9) data = field.bytes;
  });
  if (type != 1 && type != 7) throw std::runtime_error("a tensor of an unknown type");
  tensor.second.values = type == 1 ? numbers<float>(data) : numbers<std::int64_t>(data);
  std::size_t size = 1;
  for (const std::int64_t n : tensor.second.shape) size *= static_cast<std::size_t>(n);
  if (size != tensor.second.values.size()) throw std::runtime_error("a tensor of another size");
  return tensor;
}

ReadNode read_node(const std::string& bytes) {
  ReadNode node;
  for_fields(bytes, [&](const Field& field) {
    if (field.number == 1) node.inputs.push_back(field.bytes);
    if (field.number == 2) node.outputs.push_back(field.bytes);
    if (field.number == 4) node.type = field.bytes;
    if (field.number != 5) return;
    std::string name;
    ReadAttribute attribute;
    std::int64_t type = 0;
    for_fields(field.bytes, [&](const Field& part) {
      if (part.number == 1) name = part.bytes;
      if (part.number == 2) {
        const auto bits = static_cast<std::uint32_t>(part.value);
        float number = 0;
        std::memcpy(&number, &bits, sizeof number);
        attribute.number = static_cast<double>(number);
      }
      if (part.number == 3) attribute.integers = {part.whole()};
      if (part.number == 4) attribute.text = part.bytes;
      if (part.number == 8) attribute.integers.push_back(part.whole());
      if (part.number == 20) type = part.whole();
    });
    if (type != 1 && type != 2 && type != 3 && type != 7)
      throw std::runtime_error("an attribute's type");
    node.attributes[name] = attribute;
  });
  return node;
}

std::pair<std::string, std::vector<std::int64_t>> read_value(const std::string& bytes) {
  std::pair<std::string, std::vector<std::int64_t>> value;
  for_fields(bytes, [&](const Field& field) {
    if (field.number == 1) value.first = field.bytes;
    if (field.number != 2) return;
    for_fields(field.bytes, [&](const Field& type) {   // tensor_type
      for_fields(type.bytes, [&](const Field& part) {  // elem_type, shape
        if (part.number == 1 && part.value != 1) throw std::runtime_error("not float32");
        if (part.number != 2) return;
        for_fields(part.bytes, [&](const Field& dimension) {  // dim
          for_fields(dimension.bytes, [&](const Field& size) {
            value.second.push_back(size.number == 1 ? size.whole() : -1);
          });
        });
      });
    });
  });
  return value;
}

void read_graph(const std::string& bytes, ReadOnnx& model) {
  for_fields(bytes, [&](const Field& field) {
    if (field.number == 1) model.nodes.push_back(read_node(field.bytes));
    if (field.number == 5 && !model.constants.insert(read_tensor(field.bytes)).second) {
      throw std::runtime_error("two constants of one name");
    }
    if (field.number == 11) model.inputs.push_back(read_value(field.bytes));
    if (field.number == 12) model.outputs.push_back(read_value(field.bytes));
  });
}

}  // namespace

ReadOnnx read_onnx(const std::string& bytes) {
  ReadOnnx model;
  for_fields(bytes, [&](const Field& field) {
    if (field.number == 1) model.ir_version = field.whole();
    if (field.number == 7) read_graph(field.bytes, model);
    if (field.number == 8) {
      for_fields(field.bytes, [&](const Field& part) {
        if (part.number == 2) model.opset = part.whole();
      });
    }
    if (field.number == 14) {
      std::string key, value;
      for_fields(field.bytes,
                 [&](const Field& part) { (part.number == 1 ? key : value) = part.bytes; });
      model.metadata[key] = value;
    }
  });
  return model;
}

}  // namespace bnn::testing
