#include "bnn/layers/example_normalization.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "bnn/core/error.h"
#include "bnn/layers/read_weights.h"

namespace bnn {

std::size_t ExampleNormalization::scratch_size(int /*examples*/) const {
  return count_scratch<NormalizationRows>(normalizer_.map().channels);
}

// The mean of a value over the numbers of a group, of which value(channel) has the sum over pixels.
template <typename Value>
double ExampleNormalization::group_mean(std::size_t group, const Value& value) const {
  const std::size_t channels = normalizer_.map().channels / groups_;
  double sum = 0.0;
  for (std::size_t c = group * channels; c < (group + 1) * channels; ++c) sum += value(c);
  return sum / static_cast<double>(channels * normalizer_.map().pixels);
}

// center and inverse of one example. `product` holds sums on the way.
void ExampleNormalization::measure(const float* x, const NormalizationRows& rows) const {
  const ChannelMap& map = normalizer_.map();
  const std::size_t channels = map.channels / groups_;
  const auto sum = [&](std::size_t c) { return static_cast<double>(rows.product[c]); };
  std::fill_n(rows.center, map.channels, 0.0f);
  if (subtracts_mean_) {
    channel_sums(map, x, rows.product);
    for (std::size_t g = 0; g < groups_; ++g) {
      std::fill_n(rows.center + g * channels, channels, static_cast<float>(group_mean(g, sum)));
    }
  }
  channel_squares(map, x, rows.center, rows.product);
  for (std::size_t g = 0; g < groups_; ++g) {
    const double inverse = 1.0 / std::sqrt(group_mean(g, sum) + normalizer_.epsilon());
    std::fill_n(rows.inverse + g * channels, channels, static_cast<float>(inverse));
  }
}

void ExampleNormalization::forward(const ForwardArgs& args) const {
  const ChannelMap& map = normalizer_.map();
  Scratch scratch(args.scratch);
  const NormalizationRows rows(map.channels, scratch);
  for (std::size_t b = 0; b < static_cast<std::size_t>(args.pass.examples); ++b) {
    const float* x = args.inputs[0] + b * map.size();
    float* saved = saved_at(args.saved, b * saved_size());
    measure(x, rows);
    if (saved != nullptr) {
      std::copy_n(rows.center, map.channels, saved);
      std::copy_n(rows.inverse, map.channels, saved + map.channels);
    }
    normalizer_.set_scaling(args.pass, rows);
    normalizer_.scale(args.pass, rows, x, args.output + b * map.size(), saved);
  }
}

// With dx̂ = gamma dy: dx = (dx̂ - mean dx̂ - x̂ mean(dx̂ x̂)) / sqrt(variance + epsilon), the means
// over the group; the first is zero where no mean is subtracted.
void ExampleNormalization::correct(const Pass& pass, const NormalizationRows& rows) const {
  const std::size_t channels = normalizer_.map().channels / groups_;
  const float* gamma = normalizer_.gamma(pass);
  const auto weighted = [&](const float* sums) {
    return [=](std::size_t c) {
      return static_cast<double>(sums[c]) *
             (gamma == nullptr ? 1.0 : static_cast<double>(gamma[c]));
    };
  };
  for (std::size_t g = 0; g < groups_; ++g) {
    const auto inverse = static_cast<double>(rows.inverse[g * channels]);
    const double along = group_mean(g, weighted(rows.product)) * inverse;
    const double mean = subtracts_mean_ ? group_mean(g, weighted(rows.gradient)) : 0.0;
    std::fill_n(rows.slope + g * channels, channels,
                static_cast<float>(-inverse * inverse * along));
    std::fill_n(rows.shift + g * channels, channels, static_cast<float>(-inverse * mean));
  }
}

void ExampleNormalization::backward(const BackwardArgs& args) const {
  const ChannelMap& map = normalizer_.map();
  Scratch scratch(args.scratch);
  const NormalizationRows rows(map.channels, scratch);
  for (std::size_t b = 0; b < static_cast<std::size_t>(args.pass.examples); ++b) {
    const std::size_t first = b * map.size();
    const float* x = args.inputs[0] + first;
    const float* saved = args.saved + b * saved_size();
    float* dy = args.output_gradient + first;
    std::copy_n(saved, map.channels, rows.center);
    std::copy_n(saved + map.channels, map.channels, rows.inverse);
    normalizer_.set_scaling(args.pass, rows);
    normalizer_.sum_gradient(args.pass, rows, x, args.output + first, saved, dy);
    normalizer_.add_parameter_gradient(rows, args.gradient);
    if (args.input_gradients[0] == nullptr) continue;
    correct(args.pass, rows);
    normalizer_.input_gradient(args.pass, rows, x, dy, args.input_gradients[0] + first);
  }
}

std::unique_ptr<Layer> GroupNormalizationSpec::make(const LayerArguments& arguments) const {
  const Shape& shape = arguments.input();
  const Normalizer normalizer(*this, arguments.variables, shape, arguments.layout);
  const auto channels = static_cast<int>(normalizer.map().channels);
  const int count = groups == -1 ? channels : groups;
  if (channels % count != 0) {
    throw Error(ErrorKind::config,
                fmt::format("\"groups\" must divide the number of channels of its input; expected "
                            "a divisor of {}, found {}",
                            channels, groups));
  }
  if (normalizer.map().pixels * static_cast<std::size_t>(channels / count) == 1) {
    throw Error(ErrorKind::config,
                "each group has a single number, whose normalised value is always 0; expected "
                "fewer groups or an image");
  }
  return std::make_unique<ExampleNormalization>(normalizer, static_cast<std::size_t>(count), true);
}

std::unique_ptr<Layer> FilterResponseNormalizationSpec::make(
    const LayerArguments& arguments) const {
  const Normalizer normalizer(*this, arguments.variables, arguments.image(), arguments.layout);
  if (normalizer.map().pixels == 1) {
    throw Error(ErrorKind::config,
                "its input has a single pixel, of which only the sign would be left; expected a "
                "larger image, or another normalisation");
  }
  return std::make_unique<ExampleNormalization>(normalizer, normalizer.map().channels, false);
}

GroupNormalizationSpec read_group_normalization(ObjectReader& reader) {
  const auto groups =
      static_cast<int>(reader.integer("groups", {.min = -1, .max = 1 << 20, .fallback = 32}));
  if (groups == 0) {
    reader.problem("groups", "expected at least 1, or -1 for a group for each channel, found 0");
  }
  return {read_normalization(reader, 1e-3), groups == 0 ? 1 : groups};
}

FilterResponseNormalizationSpec read_filter_response_normalization(ObjectReader& reader) {
  FilterResponseNormalizationSpec spec{read_normalization(reader, 1e-6)};
  reader.mark([&] {
    const bool threshold = reader.boolean("threshold", true);
    const VariableSpec tau = read_variable(reader, "tau", "zeros");
    if (threshold) spec.tau = tau;
  });
  return spec;
}

}  // namespace bnn
