#include "bnn/layers/read_options.h"

#include <algorithm>

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

std::array<int, 2> read_pair(ObjectReader& reader, const std::string& key,
                             std::optional<std::int64_t> fallback) {
  const auto values =
      reader.integers(key, 2, {.min = 1, .max = kMaxLayerSize, .fallback = fallback});
  return {values[0], values[1]};
}

}  // namespace bnn
