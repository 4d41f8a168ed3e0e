#include "bnn/layers/read_options.h"

#include <algorithm>
#include <fmt/format.h>

namespace bnn {

Activation read_activation(ObjectReader& reader) {
  const auto& names = activation_names();
  Activation result = Activation::linear;
  reader.optional("activation", [&] {
    const std::string name = reader.choice("activation", names, std::nullopt);
    result = static_cast<Activation>(std::find(names.begin(), names.end(), name) - names.begin());
  });
  return result;
}

Padding read_padding(ObjectReader& reader) {
  return reader.choice("padding", {"valid", "same"}, "valid") == "same" ? Padding::same
                                                                        : Padding::valid;
}

void read_convolution_window(ObjectReader& reader, WindowSpec& window) {
  window.strides = read_pair(reader, "strides", 1);
  window.padding = read_padding(reader);
  window.dilation_rate = read_pair(reader, "dilation_rate", 1);
  const auto above_one = [](const std::array<int, 2>& pair) {
    return std::max(pair[0], pair[1]) > 1;
  };
  if (above_one(window.strides) && above_one(window.dilation_rate)) {
    reader.problem(
        "dilation_rate",
        fmt::format("strides above 1 and dilation rates above 1 cannot be used together; expected "
                    "1 for one of them, found strides {} and dilation rates {}",
                    json_text(window.strides), json_text(window.dilation_rate)));
  }
}

int read_depth_multiplier(ObjectReader& reader) {
  return static_cast<int>(
      reader.integer("depth_multiplier", {.min = 1, .max = kMaxLayerSize, .fallback = 1}));
}

std::array<int, 2> read_pair(ObjectReader& reader, const std::string& key,
                             std::optional<std::int64_t> fallback) {
  const auto values =
      reader.integers(key, 2, {.min = 1, .max = kMaxLayerSize, .fallback = fallback});
  return {values[0], values[1]};
}

}  // namespace bnn
