#pragma once
// Layers of this proof: one that hands everything on but for one number, and one that hides NaN.

#include <memory>
#include <string>
#include <vector>

#include "bnn/layers/make_layer.h"

namespace bnn::proof {

enum class FaultWay { none, forward, backward };

/// What goes wrong now: one number of example 1 of a batch becomes another.
struct Fault {
  std::string layer = {};
  FaultWay way = FaultWay::none;
  std::size_t element = 0;  // counted over and over, if there are fewer
  float value = 0.0f;
};

/// Makes the layers "before", "after" and "end" of rig.h as such ones, and "control" as one that
/// hides NaN: it clips negative numbers by a comparison that is false for NaN.
std::unique_ptr<Layer> make_faulty(const Fault& fault, const LayerSpec& spec,
                                   const std::string& variables, const LayerNoise& noise,
                                   const std::vector<Shape>& inputs, ParameterLayout& layout);

}  // namespace bnn::proof
