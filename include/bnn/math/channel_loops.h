#pragma once
// Loops over numbers [pixels][channels] that treat each channel alike: the arithmetic of
// normalisation layers. `x` is the input, `dy` the gradient of the output y = (x - center) factor +
// offset; center, factor and offset have one number a channel.
//
// Sums run over the pixels in float32, even and odd pixels apart, in this order whatever the
// processor. A caller with many examples adds up their sums in double.

#include <cstddef>

namespace bnn {

struct ChannelMap {
  std::size_t pixels, channels;

  std::size_t size() const { return pixels * channels; }
};

/// What y is made of. A null floor is none; else y is at least floor[c].
struct ChannelScaling {
  const float *center, *factor, *offset;
  const float* floor = nullptr;
};

/// sums[c] = sum of x.
void channel_sums(const ChannelMap& map, const float* x, float* sums);

/// sums[c] = sum of (x - center)².
void channel_squares(const ChannelMap& map, const float* x, const float* center, float* sums);

/// y = max((x - center) factor + offset, floor).
void scale_channels(const ChannelMap& map, const float* x, const ChannelScaling& scaling, float* y);

/// Sums over the pixels of one map. Where the floor holds, y does not depend on x.
struct ChannelGradientSums {
  float* gradient;  // of dy above the floor
  float* product;   // of dy (x - center) above the floor
  float* below;     // of dy where the floor holds; not written without a floor
};

void channel_gradient_sums(const ChannelMap& map, const float* x, const ChannelScaling& scaling,
                           const float* dy, const ChannelGradientSums& sums);

/// What center and factor owe to x.
struct ChannelCorrection {
  const float *slope, *shift;
};

/// dx = dy factor + (x - center) slope + shift, with dy = 0 where the floor holds.
void channel_gradient(const ChannelMap& map, const float* x, const ChannelScaling& scaling,
                      const float* dy, const ChannelCorrection& correction, float* dx);

}  // namespace bnn
