#include "bnn/math/channel_loops.h"

#include "bnn/core/vector_loop.h"

namespace bnn {
namespace {

// Two running sums for each of kSums results and each channel of a block.
template <std::size_t kSums, std::size_t kChannels>
struct BlockSums {
  float values[2][kSums][kChannels] = {};
};

// Adds the terms of all pixels for the channels from `first` on. add(index, channel, sums, lane)
// adds the terms of one number to sums[…][lane]. The channels of a block stay in registers.
template <std::size_t kSums, std::size_t kChannels, typename Add>
void sum_block(const ChannelMap& map, std::size_t first, const Add& add,
               float* const (&results)[kSums]) {
  BlockSums<kSums, kChannels> block;
  std::size_t pixel = 0;
  for (; pixel + 2 <= map.pixels; pixel += 2) {
    for (std::size_t k = 0; k < 2; ++k) {
      const std::size_t row = (pixel + k) * map.channels + first;
      for (std::size_t i = 0; i < kChannels; ++i) add(row + i, first + i, block.values[k], i);
    }
  }
  if (pixel < map.pixels) {
    const std::size_t row = pixel * map.channels + first;
    for (std::size_t i = 0; i < kChannels; ++i) add(row + i, first + i, block.values[0], i);
  }
  for (std::size_t s = 0; s < kSums; ++s) {
    for (std::size_t i = 0; i < kChannels; ++i) {
      results[s][first + i] = block.values[0][s][i] + block.values[1][s][i];
    }
  }
}

template <std::size_t kSums, typename Add>
void sum_pixels(const ChannelMap& map, const Add& add, float* const (&results)[kSums]) {
  std::size_t first = 0;
  for (; first + 16 <= map.channels; first += 16) {
    sum_block<kSums, 16>(map, first, add, results);
  }
  for (; first + 4 <= map.channels; first += 4) sum_block<kSums, 4>(map, first, add, results);
  for (; first < map.channels; ++first) sum_block<kSums, 1>(map, first, add, results);
}

// Calls visit(index, channel) for every number, in rows of a length that the compiler knows where
// there are few channels.
template <typename Visit>
void for_each_number(const ChannelMap& map, const Visit& visit) {
  constexpr std::size_t kFew = 16;
  for (std::size_t row = 0; row < map.size(); row += map.channels) {
    if (map.channels == kFew) {
      for (std::size_t c = 0; c < kFew; ++c) visit(row + c, c);
    } else {
      for (std::size_t c = 0; c < map.channels; ++c) visit(row + c, c);
    }
  }
}

}  // namespace

void channel_sums(const ChannelMap& map, const float* x, float* sums) {
  run_vectorized([=]<MultiplyAdd>() {
    sum_pixels<1>(
        map, [=](std::size_t i, std::size_t, auto& sum, std::size_t lane) { sum[0][lane] += x[i]; },
        {sums});
  });
}

void channel_squares(const ChannelMap& map, const float* x, const float* center, float* sums) {
  run_vectorized([=]<MultiplyAdd kind>() {
    sum_pixels<1>(map,
                  [=](std::size_t i, std::size_t c, auto& sum, std::size_t lane) {
                    const float d = x[i] - center[c];
                    sum[0][lane] = multiply_add<kind>(d, d, sum[0][lane]);
                  },
                  {sums});
  });
}

void scale_channels(const ChannelMap& map, const float* x, const ChannelScaling& scaling,
                    float* y) {
  run_vectorized([=]<MultiplyAdd kind>() {
    const float *center = scaling.center, *factor = scaling.factor;
    const float *offset = scaling.offset, *floor = scaling.floor;
    const auto scaled = [=](std::size_t i, std::size_t c) {
      return multiply_add<kind>(x[i] - center[c], factor[c], offset[c]);
    };
    if (floor == nullptr) {
      for_each_number(map, [=](std::size_t i, std::size_t c) { y[i] = scaled(i, c); });
      return;
    }
    for_each_number(map, [=](std::size_t i, std::size_t c) {
      const float value = scaled(i, c);
      // Written so that a NaN of either stays: it must reach the loss and stop the run.
      y[i] = ((value > floor[c]) | (value != value)) ? value : floor[c];
    });
  });
}

void channel_gradient_sums(const ChannelMap& map, const float* x, const ChannelScaling& scaling,
                           const float* dy, const ChannelGradientSums& sums) {
  run_vectorized([=]<MultiplyAdd kind>() {
    const float *center = scaling.center, *factor = scaling.factor;
    const float *offset = scaling.offset, *floor = scaling.floor;
    if (floor == nullptr) {
      sum_pixels<2>(map,
                    [=](std::size_t i, std::size_t c, auto& sum, std::size_t lane) {
                      sum[0][lane] += dy[i];
                      sum[1][lane] = multiply_add<kind>(dy[i], x[i] - center[c], sum[1][lane]);
                    },
                    {sums.gradient, sums.product});
      return;
    }
    sum_pixels<3>(map,
                  [=](std::size_t i, std::size_t c, auto& sum, std::size_t lane) {
                    const float d = x[i] - center[c];
                    const bool is_below = multiply_add<kind>(d, factor[c], offset[c]) <= floor[c];
                    const float above = is_below ? 0.0f : dy[i];
                    const float below = is_below ? dy[i] : 0.0f;
                    sum[0][lane] += above;
                    sum[1][lane] = multiply_add<kind>(above, d, sum[1][lane]);
                    sum[2][lane] += below;
                  },
                  {sums.gradient, sums.product, sums.below});
  });
}

void channel_gradient(const ChannelMap& map, const float* x, const ChannelScaling& scaling,
                      const float* dy, const ChannelCorrection& correction, float* dx) {
  run_vectorized([=]<MultiplyAdd kind>() {
    const float *center = scaling.center, *factor = scaling.factor;
    const float *offset = scaling.offset, *floor = scaling.floor;
    const float *slope = correction.slope, *shift = correction.shift;
    const auto gradient_of = [=](std::size_t i, std::size_t c, float own) {
      return multiply_add<kind>(own, factor[c],
                                multiply_add<kind>(x[i] - center[c], slope[c], shift[c]));
    };
    if (floor == nullptr) {
      for_each_number(map, [=](std::size_t i, std::size_t c) { dx[i] = gradient_of(i, c, dy[i]); });
      return;
    }
    for_each_number(map, [=](std::size_t i, std::size_t c) {
      const float value = multiply_add<kind>(x[i] - center[c], factor[c], offset[c]);
      dx[i] = gradient_of(i, c, value <= floor[c] ? 0.0f : dy[i]);
    });
  });
}

}  // namespace bnn
