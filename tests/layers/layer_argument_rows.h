#pragma once
// A row for every key of every layer type: a value that is good and one that is not.

#include <functional>
#include <string>
#include <vector>

#include "bnn/layers/normalization.h"
#include "bnn/layers/read_layer.h"

namespace bnn::testing {

struct ArgumentRow {
  /// Where the value stands in a layer: "strides", "kernel_prior_fn/scale".
  std::string path;
  /// Values of the first key of the path, the second one wrong at the path.
  Json valid, invalid;
  /// What the message must say besides the place: what was expected and what was found.
  std::vector<std::string> message;
  /// Whether the layer that was read has the valid value.
  std::function<bool(const LayerSpec&)> heard;
  /// Further keys that the layer needs for the value to have a meaning.
  Json context = Json::object();
  /// The one type that the row is about, where the key means something else in others.
  std::string type = "";
  /// A type that the row is not about.
  std::string not_type = "";

  /// The first key of the path.
  std::string key() const { return path.substr(0, path.find('/')); }
  std::string pointer() const { return "/" + path; }
  bool is_of(const std::string& layer_type) const {
    return layer_type != not_type && (type.empty() || layer_type == type);
  }
};

/// All rows. A row stands for its key in every layer type that has it.
const std::vector<ArgumentRow>& argument_rows();

/// A layer of this type with what it must have, and with posteriors and divergences that every
/// prior goes with.
Json base_layer(const std::string& type);

/// The parts that argument_rows() is made of.
std::vector<ArgumentRow> shape_rows();
std::vector<ArgumentRow> weight_rows();
std::vector<ArgumentRow> normalization_rows();
const NormalizationSpec& normalization_of(const LayerSpec& layer);
/// The keys of a variable: `prefix` before "initializer", "regularizer" and "constraint".
using GetVariable = std::function<const VariableSpec&(const LayerSpec&)>;
std::vector<ArgumentRow> variable_rows(const std::string& prefix, const GetVariable& variable);

}  // namespace bnn::testing
