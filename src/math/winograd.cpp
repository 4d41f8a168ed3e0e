#include "bnn/math/winograd.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "bnn/core/unrolled.h"
#include "bnn/core/vector_loop.h"
#include "winograd_transforms.h"

namespace bnn {
namespace {

// Vectors are handed over by reference: by value, their place depends on the instruction set.
void load(const float* from, Lanes& lanes) { std::memcpy(&lanes, from, sizeof lanes); }

void store(const Lanes& lanes, float* to) { std::memcpy(to, &lanes, sizeof lanes); }

void add_to(const Lanes& lanes, float* to) {
  Lanes sum;
  load(to, sum);
  store(sum + lanes, to);
}

// Both directions of a transform: over the columns of load(k, lanes), k = row * kFrom + column, and
// then over the rows, whose results go to put(k, lanes), k = row * kTo + column. Indices are
// constants, so that a row or column stays in registers.
template <typename Transform, typename Load, typename Put>
[[gnu::always_inline]] inline void transform(const Load& load_from, const Put& put) {
  constexpr int kFrom = Transform::kFrom, kTo = Transform::kTo;
  Lanes half[kTo][kFrom];
  unrolled<kFrom>([&](auto column) __attribute__((always_inline)) {
    std::array<Lanes, kFrom> x;
    unrolled<kFrom>([&](auto row) __attribute__((always_inline)) {
      load_from(static_cast<std::size_t>(row * kFrom + column), x[row]);
    });
    const auto y = Transform::apply(x);
    unrolled<kTo>([&](auto row) __attribute__((always_inline)) { half[row][column] = y[row]; });
  });
  unrolled<kTo>([&](auto row) __attribute__((always_inline)) {
    std::array<Lanes, kFrom> x;
    unrolled<kFrom>([&](auto column)
                        __attribute__((always_inline)) { x[column] = half[row][column]; });
    const auto y = Transform::apply(x);
    unrolled<kTo>([&](auto column) __attribute__((always_inline)) {
      put(static_cast<std::size_t>(row * kTo + column), y[column]);
    });
  });
}

// The pixels of one tile in an image, row by row, each a run of channels; null outside the image.
template <typename Float, std::size_t Rows>
std::array<Float*, Rows * Rows> pixels_at(Float* image, const Shape& shape, int top, int left) {
  std::array<Float*, Rows * Rows> pixels;
  for (int i = 0; i < static_cast<int>(Rows); ++i) {
    for (int j = 0; j < static_cast<int>(Rows); ++j) {
      const int y = top + i, x = left + j;
      const bool inside = y >= 0 && y < shape.height && x >= 0 && x < shape.width;
      const std::ptrdiff_t pixel = std::ptrdiff_t{y} * shape.width + x;
      pixels[static_cast<std::size_t>(i) * Rows + static_cast<std::size_t>(j)] =
          inside ? image + pixel * shape.channels : nullptr;
    }
  }
  return pixels;
}

// Calls visit(place of the tile in a band, its tile row, its tile column).
template <typename Visit>
void for_each_tile_of(const TileBand& band, const Visit& visit) {
  std::size_t tile = 0;
  for (int row = band.first_row; row < band.last_row; ++row) {
    for (int column = 0; column < band.columns; ++column) visit(tile++, row, column);
  }
}

// transformed = transform of a tile of pixels; `pixels` none null.
template <typename Transform>
[[gnu::always_inline]] inline void gather(
    const std::array<const float*, Transform::kFrom * Transform::kFrom>& pixels,
    std::size_t channels, std::size_t step, float* transformed) {
  for (std::size_t c = 0; c < channels; c += kWinogradLanes) {
    transform<Transform>(
        [&](std::size_t k, Lanes & lanes)
            __attribute__((always_inline)) { load(pixels[k] + c, lanes); },
        [&](std::size_t k, const Lanes& lanes)
            __attribute__((always_inline)) { store(lanes, transformed + k * step + c); });
  }
}

// Hands the transform of a tile to put(lanes, pixel), where the pixel is not null.
template <typename Transform, typename Put>
[[gnu::always_inline]] inline void scatter(
    const float* transformed, std::size_t channels, std::size_t step,
    const std::array<float*, Transform::kTo * Transform::kTo>& pixels, const Put& put) {
  for (std::size_t c = 0; c < channels; c += kWinogradLanes) {
    transform<Transform>(
        [&](std::size_t k, Lanes & lanes)
            __attribute__((always_inline)) { load(transformed + k * step + c, lanes); },
        [&](std::size_t k, const Lanes& lanes) __attribute__((always_inline)) {
          if (pixels[k] != nullptr) put(lanes, pixels[k] + c);
        });
  }
}

template <std::size_t Size>
void replace_null(std::array<const float*, Size>& pixels, const float* zeros) {
  std::replace(pixels.begin(), pixels.end(), static_cast<const float*>(nullptr), zeros);
}

// Runs a loop with the transforms of the size.
template <typename Loop>
void run_for_size(WinogradSize size, Loop loop) {
  run_vectorized([=]<MultiplyAdd>() {
    if (size.taps == 5) return loop(Winograd<2, 5>{});
    if (size.outputs == 4) return loop(Winograd<4, 3>{});
    loop(Winograd<2, 3>{});
  });
}

// The taps of Side x Side kernels.
template <std::size_t Side, typename Float>
std::array<Float*, Side * Side> taps_of(Float* kernel, std::size_t kernels) {
  std::array<Float*, Side * Side> taps;
  for (std::size_t k = 0; k < taps.size(); ++k) taps[k] = kernel + k * kernels;
  return taps;
}

Shape output_shape(const Window& window, int filters) {
  return {window.output_height, window.output_width, filters};
}

}  // namespace

bool has_winograd_form(const Window& window) {
  const std::array<int, 2> one{1, 1}, three{3, 3}, five{5, 5};
  return (window.kernel_size == three || window.kernel_size == five) && window.strides == one &&
         window.dilation_rate == one;
}

int winograd_tile_rows(WinogradSize size, const Window& window) {
  return (window.output_height + size.outputs - 1) / size.outputs;
}

int winograd_tile_columns(WinogradSize size, const Window& window) {
  return (window.output_width + size.outputs - 1) / size.outputs;
}

void transform_kernel(WinogradSize size, const float* kernel, int depth, int columns,
                      std::size_t step, float* transformed) {
  const std::size_t kernels = static_cast<std::size_t>(depth) * static_cast<std::size_t>(columns);
  run_for_size(size, [=]<typename W>(const W&) {
    float* to = transformed;
    for (int first = 0; first < columns; first += kPanelColumns) {
      const auto n = static_cast<std::size_t>(std::min(kPanelColumns, columns - first));
      for (int k = 0; k < depth; ++k, to += kPanelColumns) {
        const auto taps =
            taps_of<W::Kernel::kFrom>(kernel + std::ptrdiff_t{k} * columns + first, kernels);
        gather<typename W::Kernel>(taps, n, step, to);
        for (int position = 0; position < size.positions(); ++position) {
          float* row = to + static_cast<std::size_t>(position) * step;
          std::fill(row + n, row + kPanelColumns, 0.0f);
        }
      }
    }
  });
}

void add_transform_kernel_adjoint(WinogradSize size, const float* transformed, std::size_t kernels,
                                  std::size_t step, float* kernel) {
  run_for_size(size, [=]<typename W>(const W&) {
    const auto taps = taps_of<W::KernelAdjoint::kTo>(kernel, kernels);
    scatter<typename W::KernelAdjoint>(transformed, kernels, step, taps, add_to);
  });
}

void transform_input(WinogradSize size, const Window& window, const TileBand& band,
                     const float* image, const float* zeros, std::size_t step, float* transformed) {
  const auto channels = static_cast<std::size_t>(window.input.channels);
  run_for_size(size, [=]<typename W>(const W&) {
    for_each_tile_of(band, [&](std::size_t tile, int row, int column) {
      auto pixels = pixels_at<const float, W::Input::kFrom>(
          image, window.input, size.outputs * row - window.pad_top,
          size.outputs * column - window.pad_left);
      replace_null(pixels, zeros);
      gather<typename W::Input>(pixels, channels, step, transformed + tile * channels);
    });
  });
}

void add_transform_input_adjoint(WinogradSize size, const Window& window, const TileBand& band,
                                 const float* transformed, std::size_t step, float* image) {
  const auto channels = static_cast<std::size_t>(window.input.channels);
  run_for_size(size, [=]<typename W>(const W&) {
    for_each_tile_of(band, [&](std::size_t tile, int row, int column) {
      const auto pixels = pixels_at<float, W::InputAdjoint::kTo>(
          image, window.input, size.outputs * row - window.pad_top,
          size.outputs * column - window.pad_left);
      scatter<typename W::InputAdjoint>(transformed + tile * channels, channels, step, pixels,
                                        add_to);
    });
  });
}

void transform_output(WinogradSize size, const Window& window, const TileBand& band,
                      const float* transformed, std::size_t step, int filters, float* output) {
  const auto channels = static_cast<std::size_t>(filters);
  run_for_size(size, [=]<typename W>(const W&) {
    for_each_tile_of(band, [&](std::size_t tile, int row, int column) {
      const auto pixels = pixels_at<float, W::Output::kTo>(
          output, output_shape(window, filters), size.outputs * row, size.outputs * column);
      scatter<typename W::Output>(transformed + tile * channels, channels, step, pixels, store);
    });
  });
}

void transform_output_adjoint(WinogradSize size, const Window& window, const TileBand& band,
                              const float* output, int filters, const float* zeros,
                              std::size_t step, float* transformed) {
  const auto channels = static_cast<std::size_t>(filters);
  run_for_size(size, [=]<typename W>(const W&) {
    for_each_tile_of(band, [&](std::size_t tile, int row, int column) {
      auto pixels = pixels_at<const float, W::OutputAdjoint::kFrom>(
          output, output_shape(window, filters), size.outputs * row, size.outputs * column);
      replace_null(pixels, zeros);
      gather<typename W::OutputAdjoint>(pixels, channels, step, transformed + tile * channels);
    });
  });
}

}  // namespace bnn
