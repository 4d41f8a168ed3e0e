#pragma once
// What the exports of several layers need.

#include <map>
#include <string>
#include <vector>

#include "bnn/export/onnx_layers.h"
#include "bnn/layers/activation.h"
#include "bnn/math/window.h"

namespace bnn {

/// The name of a node of the layer.
std::string name_of(const OnnxLayer& layer, const std::string& part = "");

const Shape& input_shape(const OnnxLayer& layer);

/// The numbers of "kernel" or another tensor, deterministic or the mean of a posterior; null if
/// there is none.
const float* weights(const OnnxLayer& layer, const std::string& tensor);

/// The name of a constant that layers of the same variables share, sample by sample.
std::string weights_name(const OnnxLayer& layer, const std::string& tensor);

/// The same of a constant whose shape depends on whether the layer is given vectors or images.
std::string ranked_name(const OnnxLayer& layer, const std::string& tensor);

/// The activation of `value`.
std::string activated(const OnnxLayer& layer, Activation activation, const std::string& value,
                      OnnxBuilder& builder);

/// Kernel, strides and padding of a window. Padding after the image follows from the output's size.
std::map<std::string, OnnxAttribute> window_attributes(const Window& window);

/// The bias of the layer, zeros if it has none, as a constant.
std::string add_bias(const OnnxLayer& layer, int size, OnnxBuilder& builder);

/// numbers [rows][columns] as [columns][rows].
std::vector<float> turned(const float* numbers, std::size_t rows, std::size_t columns);

}  // namespace bnn
