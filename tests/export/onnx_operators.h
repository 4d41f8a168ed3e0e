#pragma once
// What the evaluation of an exported network is made of: tensors, attributes, and the operators of
// images, [image][channel][row][column]. Thread-safe: no state.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "export/onnx_reader.h"

namespace bnn::testing {

using Sizes = std::vector<std::int64_t>;
using Inputs = std::vector<const ReadTensor*>;

ReadTensor zeros(Sizes shape);
/// The index of a flat position in every dimension.
Sizes index_of(std::size_t flat, const Sizes& shape);
/// Sizes of 1 are repeated, and missing dimensions are in front.
double broadcast_at(const ReadTensor& tensor, const Sizes& index);

/// An attribute, or what it is without one.
std::int64_t whole(const ReadNode& node, const std::string& name, std::int64_t otherwise);
Sizes list(const ReadNode& node, const std::string& name, Sizes otherwise);

/// @param f of the values of a window that lie inside the image
ReadTensor pooled(const ReadNode& node, const ReadTensor& x,
                  const std::function<double(const std::vector<double>&)>& f);
ReadTensor convolved(const ReadNode& node, const ReadTensor& x, const ReadTensor& kernel,
                     const ReadTensor& bias);
/// The transposed convolution: every input is spread over a window of outputs.
ReadTensor spread(const ReadNode& node, const ReadTensor& x, const ReadTensor& kernel,
                  const ReadTensor& bias);
ReadTensor padded(const ReadTensor& x, const std::vector<double>& pads);
ReadTensor resized(const ReadNode& node, const ReadTensor& x, const std::vector<double>& scales);
ReadTensor batch_normalized(const ReadNode& node, const Inputs& in);
ReadTensor instance_normalized(const ReadNode& node, const Inputs& in);

}  // namespace bnn::testing
