#include "bnn/layers/batch_normalization.h"

#include <algorithm>
#include <cmath>

#include "bnn/core/json_reader.h"

namespace bnn {

// Rows of one number a channel, and sums of each example, [examples][channels], which are added up
// in double.
struct BatchNormalization::Pieces {
  NormalizationRows rows;
  std::size_t channels;
  std::size_t examples;
  float *first, *second;

  Pieces(std::size_t channel_count, int example_count, Scratch& scratch)
      : rows(channel_count, scratch),
        channels(channel_count),
        examples(static_cast<std::size_t>(example_count)),
        first(scratch.take(channels * examples)),
        second(scratch.take(channels * examples)) {}

  double sum(const float* sums, std::size_t channel) const {
    double total = 0.0;
    for (std::size_t b = 0; b < examples; ++b) {
      total += static_cast<double>(sums[b * channels + channel]);
    }
    return total;
  }
};

BatchNormalization::BatchNormalization(const BatchNormalizationSpec& spec, const std::string& name,
                                       const Shape& shape, ParameterLayout& layout)
    : normalizer_(spec, name, shape, layout),
      momentum_(static_cast<float>(spec.momentum)),
      is_frozen_(!spec.trainable) {
  const auto channels = static_cast<std::int64_t>(normalizer_.map().channels);
  moving_mean_ = declare_state(layout, name, "moving_mean", {channels}, 0.0);
  moving_variance_ = declare_state(layout, name, "moving_variance", {channels}, 1.0);
}

std::size_t BatchNormalization::scratch_size(int examples) const {
  return count_scratch<Pieces>(normalizer_.map().channels, examples);
}

// One value has no variance.
int BatchNormalization::least_examples() const {
  return is_frozen_ || normalizer_.map().pixels > 1 ? 1 : 2;
}

// center and inverse of the shard, or of the running statistics.
void BatchNormalization::measure(const ForwardArgs& args, const Pieces& pieces) const {
  const ChannelMap& map = normalizer_.map();
  const NormalizationRows& rows = pieces.rows;
  const auto inverse_of = [&](double variance) {
    return static_cast<float>(1.0 / std::sqrt(variance + normalizer_.epsilon()));
  };
  if (!uses_shard(args.pass)) {
    const float* variance = args.pass.parameters + moving_variance_.offset;
    std::copy_n(args.pass.parameters + moving_mean_.offset, map.channels, rows.center);
    for (std::size_t c = 0; c < map.channels; ++c) {
      rows.inverse[c] = inverse_of(static_cast<double>(variance[c]));
    }
    return;
  }
  const auto count = static_cast<double>(pieces.examples * map.pixels);
  for (std::size_t b = 0; b < pieces.examples; ++b) {
    channel_sums(map, args.inputs[0] + b * map.size(), pieces.first + b * map.channels);
  }
  for (std::size_t c = 0; c < map.channels; ++c) {
    rows.center[c] = static_cast<float>(pieces.sum(pieces.first, c) / count);
  }
  for (std::size_t b = 0; b < pieces.examples; ++b) {
    channel_squares(map, args.inputs[0] + b * map.size(), rows.center,
                    pieces.second + b * map.channels);
  }
  for (std::size_t c = 0; c < map.channels; ++c) {
    rows.inverse[c] = inverse_of(pieces.sum(pieces.second, c) / count);
  }
}

// The sums of x - moving mean and of its square. Without the shift, the variance would be the small
// difference of two large numbers where the mean is large.
void BatchNormalization::add_moments(const ForwardArgs& args, const Pieces& pieces) const {
  const ChannelMap& map = normalizer_.map();
  const auto count = static_cast<double>(pieces.examples * map.pixels);
  const float* moving_mean = args.pass.parameters + moving_mean_.offset;
  for (std::size_t c = 0; c < map.channels; ++c) {
    const double mean = pieces.sum(pieces.first, c) / count;
    const double shift = mean - static_cast<double>(moving_mean[c]);
    // The squares are around the rounded mean.
    const double rounding = mean - static_cast<double>(pieces.rows.center[c]);
    const double squares = pieces.sum(pieces.second, c) - count * rounding * rounding;
    args.state_sums[moving_mean_.offset + c] += static_cast<float>(count * shift);
    args.state_sums[moving_variance_.offset + c] +=
        static_cast<float>(squares + count * shift * shift);
  }
}

void BatchNormalization::forward(const ForwardArgs& args) const {
  const ChannelMap& map = normalizer_.map();
  Scratch scratch(args.scratch);
  const Pieces pieces(map.channels, args.pass.examples, scratch);
  measure(args, pieces);
  if (uses_shard(args.pass) && args.state_sums != nullptr) add_moments(args, pieces);
  normalizer_.set_scaling(args.pass, pieces.rows);
  if (args.saved != nullptr) {
    std::copy_n(pieces.rows.center, map.channels, args.saved);
    std::copy_n(pieces.rows.inverse, map.channels, args.saved + map.channels);
  }
  for (std::size_t b = 0; b < pieces.examples; ++b) {
    normalizer_.scale(args.pass, pieces.rows, args.inputs[0] + b * map.size(),
                      args.output + b * map.size(), saved_at(args.saved, b * saved_size()));
  }
}

// The sums of dy and dy (x - center) over the shard, in rows.
void BatchNormalization::sum_gradient(const BackwardArgs& args, const Pieces& pieces) const {
  const ChannelMap& map = normalizer_.map();
  const NormalizationRows& rows = pieces.rows;
  for (std::size_t b = 0; b < pieces.examples; ++b) {
    const std::size_t first = b * map.size();
    normalizer_.sum_gradient(args.pass, rows, args.inputs[0] + first, args.output + first,
                             args.saved + b * saved_size(), args.output_gradient + first);
    std::copy_n(rows.gradient, map.channels, pieces.first + b * map.channels);
    std::copy_n(rows.product, map.channels, pieces.second + b * map.channels);
  }
  for (std::size_t c = 0; c < map.channels; ++c) {
    rows.gradient[c] = static_cast<float>(pieces.sum(pieces.first, c));
    rows.product[c] = static_cast<float>(pieces.sum(pieces.second, c));
  }
}

// With dx̂ = gamma dy: dx = (dx̂ - mean dx̂ - x̂ mean(dx̂ x̂)) / sqrt(variance + epsilon), the means
// over the shard. Running statistics do not depend on x.
void BatchNormalization::correct(const Pass& pass, const Pieces& pieces) const {
  const NormalizationRows& rows = pieces.rows;
  if (!uses_shard(pass)) {
    std::fill_n(rows.slope, pieces.channels, 0.0f);
    std::fill_n(rows.shift, pieces.channels, 0.0f);
    return;
  }
  const auto count = static_cast<float>(pieces.examples * normalizer_.map().pixels);
  for (std::size_t c = 0; c < pieces.channels; ++c) {
    const float mean = rows.factor[c] / count;  // gamma / sqrt(…) / n
    rows.slope[c] = -mean * rows.product[c] * rows.inverse[c] * rows.inverse[c];
    rows.shift[c] = -mean * rows.gradient[c];
  }
}

void BatchNormalization::backward(const BackwardArgs& args) const {
  const ChannelMap& map = normalizer_.map();
  Scratch scratch(args.scratch);
  const Pieces pieces(map.channels, args.pass.examples, scratch);
  std::copy_n(args.saved, map.channels, pieces.rows.center);
  std::copy_n(args.saved + map.channels, map.channels, pieces.rows.inverse);
  normalizer_.set_scaling(args.pass, pieces.rows);
  sum_gradient(args, pieces);
  normalizer_.add_parameter_gradient(pieces.rows, args.gradient);
  if (args.input_gradients[0] == nullptr) return;
  correct(args.pass, pieces);
  for (std::size_t b = 0; b < pieces.examples; ++b) {
    const std::size_t first = b * map.size();
    normalizer_.input_gradient(args.pass, pieces.rows, args.inputs[0] + first,
                               args.output_gradient + first, args.input_gradients[0] + first);
  }
}

double BatchNormalization::state_values() const {
  return static_cast<double>(normalizer_.map().pixels);
}

void BatchNormalization::update_state(const UpdateStateArgs& args) const {
  if (is_frozen_) return;
  const ChannelMap& map = normalizer_.map();
  const auto momentum = static_cast<double>(momentum_);
  for (std::size_t c = 0; c < map.channels; ++c) {
    float& mean = args.parameters[moving_mean_.offset + c];
    float& variance = args.parameters[moving_variance_.offset + c];
    const double shift = static_cast<double>(args.sums[moving_mean_.offset + c]) / args.count;
    const double square = static_cast<double>(args.sums[moving_variance_.offset + c]) / args.count;
    const double batch_variance = std::max(square - shift * shift, 0.0);
    mean = static_cast<float>(static_cast<double>(mean) + (1.0 - momentum) * shift);
    variance = static_cast<float>(momentum * static_cast<double>(variance) +
                                  (1.0 - momentum) * batch_variance);
  }
}

std::unique_ptr<Layer> BatchNormalizationSpec::make(const LayerArguments& arguments) const {
  return std::make_unique<BatchNormalization>(*this, arguments.variables, arguments.input(),
                                              arguments.layout);
}

BatchNormalizationSpec read_batch_normalization(ObjectReader& reader) {
  BatchNormalizationSpec spec{read_normalization(reader, 1e-3)};
  reader.mark([&] {
    spec.momentum = reader.real("momentum", {.min = 0.0, .max = 1.0, .fallback = spec.momentum});
  });
  return spec;
}

}  // namespace bnn
