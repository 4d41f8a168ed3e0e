#pragma once
// Readers of keys that several layer types have.

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "bnn/core/json_reader.h"
#include "bnn/layers/activation.h"
#include "bnn/math/window.h"

namespace bnn {

/// The most filters, units or pixels a side that a layer can be asked for.
constexpr std::int64_t kMaxLayerSize = std::numeric_limits<int>::max();

/// The key "activation": a name or null, which is linear.
Activation read_activation(ObjectReader& reader);

/// The key "padding".
Padding read_padding(ObjectReader& reader);

/// The keys "strides", "padding" and "dilation_rate" of a convolution of any kind. Strides and
/// dilation rates above 1 are refused together, as in Keras.
void read_convolution_window(ObjectReader& reader, WindowSpec& window);

/// The key "depth_multiplier": how many kernels each channel of a depthwise convolution has.
int read_depth_multiplier(ObjectReader& reader);

/// Rows and columns: one number for both, or a list of two.
std::array<int, 2> read_pair(ObjectReader& reader, const std::string& key,
                             std::optional<std::int64_t> fallback);

}  // namespace bnn
