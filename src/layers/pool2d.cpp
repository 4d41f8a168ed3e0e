#include "bnn/layers/pool2d.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>

#include "bnn/core/vector_loop.h"
#include "bnn/layers/read_options.h"

namespace bnn {
namespace {

// The part of a pooling window that lies inside the input, as half-open ranges.
struct Cells {
  int top, bottom, left, right;

  int count() const { return (bottom - top) * (right - left); }
};

Cells cells_of(const Window& window, int y, int x) {
  const int top = y * window.strides[0] - window.pad_top;
  const int left = x * window.strides[1] - window.pad_left;
  return {std::max(top, 0), std::min(top + window.kernel_size[0], window.input.height),
          std::max(left, 0), std::min(left + window.kernel_size[1], window.input.width)};
}

// Calls visit(cells, output pixel) for every output of one image.
template <typename Visit>
void for_each_output(const Window& window, const Visit& visit) {
  std::size_t pixel = 0;
  for (int y = 0; y < window.output_height; ++y) {
    for (int x = 0; x < window.output_width; ++x) visit(cells_of(window, y, x), pixel++);
  }
}

// Calls visit(offset) with the offset in floats of every cell's first channel.
template <typename Visit>
void for_each_cell(const Window& window, const Cells& cells, const Visit& visit) {
  const auto channels = static_cast<std::size_t>(window.input.channels);
  for (int row = cells.top; row < cells.bottom; ++row) {
    for (int column = cells.left; column < cells.right; ++column) {
      visit((static_cast<std::size_t>(row) * static_cast<std::size_t>(window.input.width) +
             static_cast<std::size_t>(column)) *
            channels);
    }
  }
}

// Written so that a NaN in either place stays: it must reach the loss and stop the run.
template <typename Value>
void keep_maximum(Value& y, const Value& x) {
  y = ((x <= y) | (y != y)) ? y : x;
}

// Consecutive channels; arithmetic on them is element by element.
template <std::size_t kSize>
using Lanes [[gnu::vector_size(kSize * sizeof(float))]] = float;

template <std::size_t kSize>
void load(const float* from, Lanes<kSize>& lanes) {
  std::memcpy(&lanes, from, sizeof lanes);
}

template <std::size_t kSize>
void store(const Lanes<kSize>& lanes, float* to) {
  std::memcpy(to, &lanes, sizeof lanes);
}

// Calls visit(first channel, size of the block) for blocks of one size, as a constant; the last
// overlaps the one before it, so `visit` must give the same however often it sees a channel.
template <std::size_t kSize, typename Visit>
void for_each_block_of(std::size_t channels, const Visit& visit) {
  const std::integral_constant<std::size_t, kSize> size;
  for (std::size_t c = 0; c + kSize < channels; c += kSize) visit(c, size);
  visit(channels - kSize, size);
}

// The widest vectors of floats that the build has everywhere. Comparisons of wider ones are taken
// apart into single numbers before a loop is compiled for its level (vector_loop.h).
#if defined(__AVX512F__)
constexpr std::size_t kWidest = 16;
#elif defined(__AVX__)
constexpr std::size_t kWidest = 8;
#else
constexpr std::size_t kWidest = 4;
#endif

template <typename Visit>
void for_each_block(std::size_t channels, const Visit& visit) {
  if constexpr (kWidest >= 16) {
    if (channels >= 16) return for_each_block_of<16>(channels, visit);
  }
  if constexpr (kWidest >= 8) {
    if (channels >= 8) return for_each_block_of<8>(channels, visit);
  }
  if (channels >= 4) return for_each_block_of<4>(channels, visit);
  for_each_block_of<1>(channels, visit);
}

// The first channels of the four cells of a 2x2 window, the most common one.
std::array<std::size_t, 4> four_offsets(const Window& window, const Cells& cells) {
  std::array<std::size_t, 4> offsets;
  auto next = offsets.begin();
  for_each_cell(window, cells, [&](std::size_t offset) { *next++ = offset; });
  return offsets;
}

void pool_maximum_of_four(const Window& window, const Cells& cells, const float* image, float* y) {
  const auto offsets = four_offsets(window, cells);
  const auto channels = static_cast<std::size_t>(window.input.channels);
  for_each_block(channels, [&](std::size_t c, auto size) {
    Lanes<size> most, x;
    load<size>(image + offsets[0] + c, most);
    for (std::size_t cell = 1; cell < 4; ++cell) {
      load<size>(image + offsets[cell] + c, x);
      keep_maximum(most, x);
    }
    store<size>(most, y + c);
  });
}

// Overwrites the gradient of the four cells.
void pool_maximum_of_four_backward(const Window& window, const Cells& cells, const float* image,
                                   const float* y, const float* dy, float* input_gradient) {
  const auto offsets = four_offsets(window, cells);
  const auto channels = static_cast<std::size_t>(window.input.channels);
  for_each_block(channels, [&](std::size_t c, auto size) {
    Lanes<size> maximum, left, x;
    load<size>(y + c, maximum);
    load<size>(dy + c, left);
    const Lanes<size> zero = {};
    for (const std::size_t offset : offsets) {
      load<size>(image + offset + c, x);
      const Lanes<size> share = x == maximum ? left : zero;
      store<size>(share, input_gradient + offset + c);
      left = x == maximum ? zero : left;
    }
  });
}

void pool_maximum(const Window& window, const float* image, float* output) {
  const auto channels = static_cast<std::size_t>(window.input.channels);
  for_each_output(window, [&](const Cells& cells, std::size_t pixel) {
    float* y = output + pixel * channels;
    if (cells.count() == 4) return pool_maximum_of_four(window, cells, image, y);
    bool first = true;
    for_each_cell(window, cells, [&](std::size_t offset) {
      const float* x = image + offset;
      if (first) {
        std::memcpy(y, x, channels * sizeof(float));
        first = false;
        return;
      }
      for (std::size_t c = 0; c < channels; ++c) keep_maximum(y[c], x[c]);
    });
  });
}

// True if every input lies under exactly one window, so that its gradient can be written, not
// added.
bool is_partition(const Window& window) {
  return window.strides == window.kernel_size &&
         window.output_height * window.strides[0] - window.pad_top >= window.input.height &&
         window.output_width * window.strides[1] - window.pad_left >= window.input.width;
}

// `left` holds what each channel's gradient still has to hand out: all of it, until the first cell
// that equals the maximum has taken it.
template <bool kOverwrite>
void pool_maximum_backward(const Window& window, const float* image, const float* output,
                           const float* output_gradient, float* left, float* input_gradient) {
  const auto channels = static_cast<std::size_t>(window.input.channels);
  for_each_output(window, [&](const Cells& cells, std::size_t pixel) {
    const float* y = output + pixel * channels;
    if (kOverwrite && cells.count() == 4) {
      return pool_maximum_of_four_backward(window, cells, image, y,
                                           output_gradient + pixel * channels, input_gradient);
    }
    std::memcpy(left, output_gradient + pixel * channels, channels * sizeof(float));
    for_each_cell(window, cells, [&](std::size_t offset) {
      const float* x = image + offset;
      float* dx = input_gradient + offset;
      for (std::size_t c = 0; c < channels; ++c) {
        const bool is_maximum = x[c] == y[c];
        const float share = is_maximum ? left[c] : 0.0f;
        dx[c] = kOverwrite ? share : dx[c] + share;
        left[c] = is_maximum ? 0.0f : left[c];
      }
    });
  });
}

void pool_average(const Window& window, const float* image, float* output) {
  const auto channels = static_cast<std::size_t>(window.input.channels);
  for_each_output(window, [&](const Cells& cells, std::size_t pixel) {
    float* y = output + pixel * channels;
    std::fill_n(y, channels, 0.0f);
    for_each_cell(window, cells, [&](std::size_t offset) {
      for (std::size_t c = 0; c < channels; ++c) y[c] += image[offset + c];
    });
    const float share = 1.0f / static_cast<float>(cells.count());
    for (std::size_t c = 0; c < channels; ++c) y[c] *= share;
  });
}

void pool_average_backward(const Window& window, const float* output_gradient,
                           float* input_gradient) {
  const auto channels = static_cast<std::size_t>(window.input.channels);
  for_each_output(window, [&](const Cells& cells, std::size_t pixel) {
    const float* dy = output_gradient + pixel * channels;
    const float share = 1.0f / static_cast<float>(cells.count());
    for_each_cell(window, cells, [&](std::size_t offset) {
      for (std::size_t c = 0; c < channels; ++c) input_gradient[offset + c] += share * dy[c];
    });
  });
}

}  // namespace

Pool2d::Pool2d(const Pool2dSpec& spec, const Shape& input)
    : kind_(spec.kind), window_(make_window(input, spec.window)) {}

Shape Pool2d::output_shape() const {
  return {window_.output_height, window_.output_width, window_.input.channels, false,
          window_.input.channels_first};
}

std::size_t Pool2d::scratch_size(int /*examples*/) const {
  return static_cast<std::size_t>(window_.input.channels);
}

void Pool2d::forward(const ForwardArgs& args) const {
  const std::size_t input_size = window_.input.size(), output_size = output_shape().size();
  for (std::size_t b = 0; b < static_cast<std::size_t>(args.pass.examples); ++b) {
    const float* image = args.inputs[0] + b * input_size;
    float* output = args.output + b * output_size;
    run_vectorized([=, window = window_, kind = kind_]<MultiplyAdd>() {
      if (kind == PoolKind::maximum) return pool_maximum(window, image, output);
      pool_average(window, image, output);
    });
  }
}

void Pool2d::backward(const BackwardArgs& args) const {
  if (args.input_gradients[0] == nullptr) return;
  const std::size_t input_size = window_.input.size(), output_size = output_shape().size();
  for (std::size_t b = 0; b < static_cast<std::size_t>(args.pass.examples); ++b) {
    float* dx = args.input_gradients[0] + b * input_size;
    const float* dy = args.output_gradient + b * output_size;
    const float *image = args.inputs[0] + b * input_size, *output = args.output + b * output_size;
    run_vectorized([=, window = window_, kind = kind_, left = args.scratch]<MultiplyAdd>() {
      if (kind == PoolKind::maximum && is_partition(window)) {
        return pool_maximum_backward<true>(window, image, output, dy, left, dx);
      }
      std::memset(dx, 0, input_size * sizeof(float));
      if (kind == PoolKind::maximum) {
        return pool_maximum_backward<false>(window, image, output, dy, left, dx);
      }
      pool_average_backward(window, dy, dx);
    });
  }
}

void GlobalAveragePool2d::forward(const ForwardArgs& args) const {
  const auto channels = static_cast<std::size_t>(input_.channels);
  const float share = 1.0f / static_cast<float>(input_.pixels());
  const float* x = args.inputs[0];
  float* y = args.output;
  for (int b = 0; b < args.pass.examples; ++b, y += channels) {
    std::fill_n(y, channels, 0.0f);
    for (std::size_t pixel = 0; pixel < input_.pixels(); ++pixel, x += channels) {
      for (std::size_t c = 0; c < channels; ++c) y[c] += x[c];
    }
    for (std::size_t c = 0; c < channels; ++c) y[c] *= share;
  }
}

void GlobalAveragePool2d::backward(const BackwardArgs& args) const {
  if (args.input_gradients[0] == nullptr) return;
  const auto channels = static_cast<std::size_t>(input_.channels);
  const float share = 1.0f / static_cast<float>(input_.pixels());
  const float* dy = args.output_gradient;
  float* dx = args.input_gradients[0];
  for (int b = 0; b < args.pass.examples; ++b, dy += channels) {
    for (std::size_t pixel = 0; pixel < input_.pixels(); ++pixel, dx += channels) {
      for (std::size_t c = 0; c < channels; ++c) dx[c] = share * dy[c];
    }
  }
}

std::unique_ptr<Layer> Pool2dSpec::make(const LayerArguments& arguments) const {
  return std::make_unique<Pool2d>(*this, arguments.image());
}

std::unique_ptr<Layer> GlobalAveragePool2dSpec::make(const LayerArguments& arguments) const {
  return std::make_unique<GlobalAveragePool2d>(arguments.image());
}

Pool2dSpec read_pool2d(ObjectReader& reader, PoolKind kind) {
  Pool2dSpec spec;
  spec.kind = kind;
  spec.window.kernel_size = read_pair(reader, "pool_size", std::nullopt);
  spec.window.strides = spec.window.kernel_size;
  reader.optional("strides",
                  [&] { spec.window.strides = read_pair(reader, "strides", std::nullopt); });
  reader.record("strides", spec.window.strides);
  spec.window.padding = read_padding(reader);
  return spec;
}

}  // namespace bnn
