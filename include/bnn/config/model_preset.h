#pragma once
// Networks without a data set: "model": {"preset": "cnn6", "estimator": "flipout", "width": 1}.
//
//     lenet5   convolutions 5x5 of 6, 16 and 120 filters with two poolings, dense 84
//     cnn6     3x3 convolutions 32-32-P-64-64-P-128-128-P
//     mlp      dense 400-400
//     small    for hundreds of images: 3x3 convolutions 32-P-64-P, and 128-P, 128-P while maps are
//              at least 8 pixels wide and high
//     resnet20 residual blocks of 3x3 convolutions, three each of 16, 32 and 64 filters
//     resnet18 two residual blocks each of 64, 128, 256 and 512 filters; images of more than 64
//              pixels begin with a 7x7 convolution and pooling, as in torchvision
//
// "normalization" of the residual networks is "filter_response", "batch", "group" or null.
//
// All end with a dense layer of as many outputs as there are classes. Maps of more than 64 pixels
// go through global average pooling before it; those of residual networks always. Bayesian presets
// have He's initial values and a normal prior of scale 0.1, which goes with a small KL weight. The
// shape of the images and the number of classes come from the data (data/data_shape.h). An expanded
// model is a model like any other.

#include <optional>
#include <string>
#include <vector>

#include "bnn/core/json_reader.h"
#include "bnn/core/shape.h"

namespace bnn {

/// True if the document's model names a preset.
bool has_preset(const Json& document);

/// The model that a "model" with a preset stands for. Its keys: preset, estimator, width, input
/// (which wins over `shape`), defaults (which win over those of the preset). Throws Error(config)
/// that begins with `source`, and lists everything that is wrong.
Json expand_preset(const Json& model, const Shape& shape, int classes, const std::string& source);

/// What a model with a preset says beside input and defaults.
struct PresetKeys {
  std::string preset, estimator;
  double width = 1;
  std::string normalization;  // "none": null
};
PresetKeys read_preset_keys(ObjectReader& model);

/// The input that a model with a preset names, if it does.
std::optional<Shape> preset_input(const Json& model);

std::vector<std::string> preset_names();
/// What the weights of a preset can be: "flipout" first, "deterministic" last.
std::vector<std::string> preset_estimators();

}  // namespace bnn
