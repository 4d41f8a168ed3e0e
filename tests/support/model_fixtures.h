#pragma once
// Small networks and datasets made in memory, for the tests of model, train and infer.

#include <cstdint>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include "bnn/bayes/softmax_classifier.h"
#include "bnn/core/error.h"
#include "bnn/core/json_reader.h"
#include "bnn/core/parse_json.h"
#include "bnn/core/random.h"
#include "bnn/data/dataset.h"
#include "bnn/data/standardization.h"
#include "bnn/math/blas.h"
#include "bnn/model/graph.h"
#include "bnn/model/read_model.h"

namespace bnn::testing {

/// A graph from the text of a config's "model" object.
inline Graph make_graph(const std::string& model, const LayerMaker& make = make_layer) {
  prepare_blas(4);
  const Json document = parse_json(model, "model", ErrorKind::config);
  Problems problems("model");
  ObjectReader reader(document, "", problems);
  const ModelSpec spec = read_model(reader);
  problems.raise_if_any(ErrorKind::config);
  return Graph(spec, make);
}

/// The likelihood of a classifier with as many classes as the graph has outputs.
inline SoftmaxClassifier classifier_of(const Graph& graph) {
  return SoftmaxClassifier(static_cast<std::size_t>(graph.outputs()));
}

/// Images of random bytes with random labels, in one file.
inline Dataset random_dataset(const Shape& shape, int classes, std::size_t examples,
                              std::uint64_t seed) {
  RawImages images;
  for (std::size_t i = 0; i < examples * shape.size(); ++i) {
    images.pixels.push_back(
        static_cast<std::uint8_t>(random_below({.seed = seed, .site = Site::crop}, i, 256)));
  }
  for (std::size_t i = 0; i < examples; ++i) {
    images.labels.push_back(static_cast<int>(random_below({.seed = seed, .site = Site::shuffle}, i,
                                                          static_cast<std::uint32_t>(classes))));
  }
  return Dataset(shape, classes, std::move(images), {{"a.bin", examples}});
}

/// The identity: pixels from 0 to 1.
inline Standardization plain_pixels(const Shape& shape) {
  const auto channels = static_cast<std::size_t>(shape.channels);
  return {std::vector<double>(channels, 0.0), std::vector<double>(channels, 1.0)};
}

/// first, first + 1, …
inline std::vector<std::uint32_t> indices(std::size_t count, std::uint32_t first = 0) {
  std::vector<std::uint32_t> list(count);
  std::iota(list.begin(), list.end(), first);
  return list;
}

/// The position of a variable in the layout.
inline std::size_t variable_index(const ParameterLayout& layout, const std::string& name) {
  for (std::size_t v = 0; v < layout.variables().size(); ++v) {
    if (layout.variables()[v].name == name) return v;
  }
  throw Error(ErrorKind::internal, "no variable " + name);
}

inline bool same_bits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

/// The message of the bnn::Error that `action` throws, or a text that no test expects.
template <typename Action>
std::string error_message(ErrorKind kind, const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.kind() == kind ? error.what() : std::string("wrong kind: ") + error.what();
  }
  return "no error";
}

}  // namespace bnn::testing
