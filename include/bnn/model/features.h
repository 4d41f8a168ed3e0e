#pragma once
// The features of an image: the numbers that the last dense or convolution layer reads. Layers
// after it that only move its outputs, as normalisation does, do not count. Thread-safe.

#include <cstddef>
#include <optional>

#include "bnn/model/graph.h"

namespace bnn {

/// Beyond this many numbers nothing is done with features: a covariance has their square.
constexpr std::size_t kMaxFeatures = 2048;

struct FeatureNode {
  int node = 0;          // whose memory holds them
  std::size_t size = 0;  // numbers of an image
};

/// None if no such layer leads to the outputs by layers of one input each.
std::optional<FeatureNode> find_features(const Graph& graph);

}  // namespace bnn
