#pragma once
// Reads an ONNX file independently of the code that writes it: Protocol Buffers' wire format and
// the field numbers of onnx.proto. Throws std::runtime_error on what it does not know.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace bnn::testing {

struct ReadTensor {
  std::vector<std::int64_t> shape;
  std::vector<double> values;
};

struct ReadAttribute {
  double number = 0;
  std::vector<std::int64_t> integers = {};
  std::string text = {};
};

struct ReadNode {
  std::string type;
  std::vector<std::string> inputs, outputs;
  std::map<std::string, ReadAttribute> attributes = {};
};

struct ReadOnnx {
  std::int64_t ir_version = 0, opset = 0;
  std::vector<ReadNode> nodes = {};
  std::map<std::string, ReadTensor> constants = {};
  /// The shapes of inputs and outputs by name; -1 is a size with a name.
  std::vector<std::pair<std::string, std::vector<std::int64_t>>> inputs = {}, outputs = {};
  std::map<std::string, std::string> metadata = {};
};

ReadOnnx read_onnx(const std::string& bytes);

/// Computes all nodes in their order, by plain loops in double, for one input.
/// @return every value by name
std::map<std::string, ReadTensor> evaluate_onnx(const ReadOnnx& model, const ReadTensor& input);

}  // namespace bnn::testing
