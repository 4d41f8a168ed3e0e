#include "bnn/layers/make_layer.h"

#include <fmt/format.h>

#include "bnn/core/error.h"

namespace bnn {
namespace {

std::string format_name(bool channels_first) {
  return channels_first ? "channels_first" : "channels_last";
}

void require_format(const LayerSpec& spec, const Shape& input) {
  if (!spec.channels_first || input.flat || *spec.channels_first == input.channels_first) return;
  throw Error(ErrorKind::config,
              fmt::format("its data_format is {}, but its input is {}, {}; \"model.defaults\" can "
                          "set one data_format for all layers",
                          format_name(*spec.channels_first), to_string(input),
                          format_name(input.channels_first)));
}

}  // namespace

const Shape& LayerArguments::input() const {
  if (inputs.size() == 1) return inputs[0];
  throw Error(ErrorKind::config, fmt::format("expected one input, found {}", inputs.size()));
}

// A window over a vector makes no sense; say so instead of treating it as 1 x 1.
const Shape& LayerArguments::image() const {
  if (!input().flat) return input();
  throw Error(ErrorKind::config,
              fmt::format("this layer reads an image, but its input is a vector of {}",
                          to_string(input())));
}

const std::vector<Shape>& LayerArguments::several_inputs() const {
  if (inputs.size() >= 2) return inputs;
  throw Error(ErrorKind::config,
              fmt::format("expected two or more layers in \"inputs\", found {}", inputs.size()));
}

std::unique_ptr<Layer> make_layer(const LayerSpec& spec, const std::string& variables,
                                  const LayerNoise& noise, const std::vector<Shape>& inputs,
                                  ParameterLayout& layout) {
  require_format(spec, inputs[0]);
  return spec.options.make({variables, noise, inputs, layout});
}

}  // namespace bnn
