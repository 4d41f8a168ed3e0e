#pragma once
// Nodes and constants of an ONNX graph, added one by one, with names of their own. Not thread-safe.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "bnn/export/onnx_model.h"

namespace bnn {

class OnnxBuilder {
 public:
  explicit OnnxBuilder(OnnxModel& model) : model_(model) {}

  /// Adds a node and returns the name of its output: `name`, or with _2, _3, … where that is taken.
  std::string node(const std::string& type, const std::vector<std::string>& inputs,
                   const std::string& name, std::map<std::string, OnnxAttribute> attributes = {});
  std::string constant(const std::string& name, std::vector<std::int64_t> dimensions,
                       std::vector<float> values);
  /// The constant of this name, which `make` gives if there is none yet. Every call of a name means
  /// the same constant.
  std::string shared_constant(const std::string& name, const std::function<OnnxTensor()>& make);
  /// A list of whole numbers, such as axes.
  std::string integers(const std::string& name, std::vector<std::int64_t> values);
  /// One number, for operators that repeat it over a tensor.
  std::string number(const std::string& name, float value) { return constant(name, {}, {value}); }
  /// The name of an input of the graph.
  std::string input(const std::string& name, std::vector<std::int64_t> dimensions);
  /// Keeps names for outputs.
  void reserve(const std::vector<std::string>& names) { taken_.insert(names.begin(), names.end()); }
  /// Gives `value` to the outside under a reserved name.
  void output(const std::string& name, const std::string& value,
              std::vector<std::int64_t> dimensions);

 private:
  std::string free_name(const std::string& name);

  OnnxModel& model_;
  std::set<std::string> taken_;
  std::map<std::string, std::string> shared_;  // names of constants that are shared
};

}  // namespace bnn
