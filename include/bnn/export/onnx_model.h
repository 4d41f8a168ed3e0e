#pragma once
// An ONNX model as plain values, and its file: a ModelProto of Protocol Buffers (onnx/onnx.proto,
// IR version 7, operators of opset 13). Only what networks of this project need: nodes of one
// output, tensors of float32 and int64. Thread-safe: no state.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace bnn {

struct OnnxTensor {
  std::string name;
  std::vector<std::int64_t> dimensions;
  std::variant<std::vector<float>, std::vector<std::int64_t>> values;
};

using OnnxAttribute = std::variant<std::int64_t, float, std::vector<std::int64_t>, std::string>;

struct OnnxNode {
  std::string type;                 // "Conv"
  std::vector<std::string> inputs;  // "" for one that is left out
  std::string output;               // also the name of the node
  std::map<std::string, OnnxAttribute> attributes = {};
};

/// A tensor of float32 that enters or leaves. -1 is the number of images, which is free.
struct OnnxValue {
  std::string name;
  std::vector<std::int64_t> dimensions;
};

struct OnnxModel {
  std::string name, description, producer_version;
  std::vector<OnnxNode> nodes = {};
  std::vector<OnnxTensor> constants = {};
  std::vector<OnnxValue> inputs = {}, outputs = {};
  std::map<std::string, std::string> metadata = {};
};

/// The file in pieces, some of which are the model's own numbers: it must outlive them.
struct OnnxFile {
  std::deque<std::string> texts;
  std::vector<std::span<const std::byte>> parts;  // one after the other

  std::size_t size() const;
};

OnnxFile onnx_file(const OnnxModel& model);

}  // namespace bnn
