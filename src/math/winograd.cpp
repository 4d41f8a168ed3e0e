#include "bnn/math/winograd.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "bnn/core/unrolled.h"
#include "bnn/core/vector_clones.h"

namespace bnn {
namespace {

// One vector of channels; arithmetic on it is element by element.
using Lanes [[gnu::vector_size(kWinogradLanes * sizeof(float))]] = float;

// Vectors are handed over by reference: by value, their place depends on the instruction set.
void load(const float* from, Lanes& lanes) { std::memcpy(&lanes, from, sizeof lanes); }

void store(const Lanes& lanes, float* to) { std::memcpy(to, &lanes, sizeof lanes); }

void add_to(const Lanes& lanes, float* to) {
  Lanes sum;
  load(to, sum);
  store(sum + lanes, to);
}

// Bᵀ x, Aᵀ x and G x for vectors, and their adjoints, for tiles of M x M outputs. A transform of a
// tile is one of these over the columns and then over the rows.
template <int M>
struct Winograd;

template <>
struct Winograd<2> {
  struct Input {
    static constexpr int kFrom = 4, kTo = 4;
    static std::array<Lanes, 4> apply(const std::array<Lanes, 4>& x) {
      return {x[0] - x[2], x[1] + x[2], x[2] - x[1], x[1] - x[3]};
    }
  };
  struct InputAdjoint {
    static constexpr int kFrom = 4, kTo = 4;
    static std::array<Lanes, 4> apply(const std::array<Lanes, 4>& y) {
      return {y[0], y[1] - y[2] + y[3], y[1] + y[2] - y[0], -y[3]};
    }
  };
  struct Output {
    static constexpr int kFrom = 4, kTo = 2;
    static std::array<Lanes, 2> apply(const std::array<Lanes, 4>& x) {
      return {x[0] + x[1] + x[2], x[1] - x[2] - x[3]};
    }
  };
  struct OutputAdjoint {
    static constexpr int kFrom = 2, kTo = 4;
    static std::array<Lanes, 4> apply(const std::array<Lanes, 2>& y) {
      return {y[0], y[0] + y[1], y[0] - y[1], -y[1]};
    }
  };
  struct Kernel {
    static constexpr int kFrom = 3, kTo = 4;
    static std::array<Lanes, 4> apply(const std::array<Lanes, 3>& x) {
      const Lanes even = 0.5f * (x[0] + x[2]), odd = 0.5f * x[1];
      return {x[0], even + odd, even - odd, x[2]};
    }
  };
  struct KernelAdjoint {
    static constexpr int kFrom = 4, kTo = 3;
    static std::array<Lanes, 3> apply(const std::array<Lanes, 4>& y) {
      const Lanes even = 0.5f * (y[1] + y[2]), odd = 0.5f * (y[1] - y[2]);
      return {y[0] + even, odd, even + y[3]};
    }
  };
};

template <>
struct Winograd<4> {
  struct Input {
    static constexpr int kFrom = 6, kTo = 6;
    static std::array<Lanes, 6> apply(const std::array<Lanes, 6>& x) {
      const Lanes even = x[4] - 4.0f * x[2], odd = x[3] - 4.0f * x[1];
      const Lanes far_even = x[4] - x[2], far_odd = 2.0f * (x[3] - x[1]);
      return {4.0f * x[0] - 5.0f * x[2] + x[4],
              even + odd,
              even - odd,
              far_even + far_odd,
              far_even - far_odd,
              4.0f * x[1] - 5.0f * x[3] + x[5]};
    }
  };
  struct InputAdjoint {
    static constexpr int kFrom = 6, kTo = 6;
    static std::array<Lanes, 6> apply(const std::array<Lanes, 6>& y) {
      const Lanes near = y[1] + y[2], near_odd = y[1] - y[2];
      const Lanes far = y[3] + y[4], far_odd = 2.0f * (y[3] - y[4]);
      return {4.0f * y[0],
              4.0f * (y[5] - near_odd) - far_odd,
              -5.0f * y[0] - 4.0f * near - far,
              near_odd + far_odd - 5.0f * y[5],
              y[0] + near + far,
              y[5]};
    }
  };
  struct Output {
    static constexpr int kFrom = 6, kTo = 4;
    static std::array<Lanes, 4> apply(const std::array<Lanes, 6>& x) {
      const Lanes near = x[1] + x[2], near_odd = x[1] - x[2];
      const Lanes far = x[3] + x[4], far_odd = x[3] - x[4];
      return {x[0] + near + far, near_odd + 2.0f * far_odd, near + 4.0f * far,
              near_odd + 8.0f * far_odd + x[5]};
    }
  };
  struct OutputAdjoint {
    static constexpr int kFrom = 4, kTo = 6;
    static std::array<Lanes, 6> apply(const std::array<Lanes, 4>& y) {
      const Lanes even = y[0] + y[2], odd = y[1] + y[3];
      const Lanes far_even = y[0] + 4.0f * y[2], far_odd = 2.0f * y[1] + 8.0f * y[3];
      return {y[0], even + odd, even - odd, far_even + far_odd, far_even - far_odd, y[3]};
    }
  };
  struct Kernel {
    static constexpr int kFrom = 3, kTo = 6;
    static std::array<Lanes, 6> apply(const std::array<Lanes, 3>& x) {
      const Lanes even = (x[0] + x[2]) * (1.0f / 6), odd = x[1] * (1.0f / 6);
      const Lanes far_even = x[0] * (1.0f / 24) + x[2] * (1.0f / 6), far_odd = x[1] * (1.0f / 12);
      return {0.25f * x[0], -even - odd, odd - even, far_even + far_odd, far_even - far_odd, x[2]};
    }
  };
  struct KernelAdjoint {
    static constexpr int kFrom = 6, kTo = 3;
    static std::array<Lanes, 3> apply(const std::array<Lanes, 6>& y) {
      const Lanes near = (y[1] + y[2]) * (1.0f / 6), near_odd = (y[2] - y[1]) * (1.0f / 6);
      const Lanes far = y[3] + y[4], far_odd = y[3] - y[4];
      return {0.25f * y[0] - near + far * (1.0f / 24), near_odd + far_odd * (1.0f / 12),
              far * (1.0f / 6) - near + y[5]};
    }
  };
};

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

// Calls visit with the transforms of the size.
template <typename Visit>
void for_size(WinogradSize size, const Visit& visit) {
  if (size.outputs == 4) return visit(Winograd<4>{});
  visit(Winograd<2>{});
}

Shape output_shape(const Window& window, int filters) {
  return {window.output_height, window.output_width, filters};
}

}  // namespace

bool has_winograd_form(const Window& window) {
  const std::array<int, 2> one{1, 1}, three{3, 3};
  return window.kernel_size == three && window.strides == one && window.dilation_rate == one;
}

int winograd_tile_rows(WinogradSize size, const Window& window) {
  return (window.output_height + size.outputs - 1) / size.outputs;
}

int winograd_tile_columns(WinogradSize size, const Window& window) {
  return (window.output_width + size.outputs - 1) / size.outputs;
}

BNN_VECTOR_CLONES void transform_kernel(WinogradSize size, const float* kernel, std::size_t kernels,
                                        std::size_t step, float* transformed) {
  std::array<const float*, 9> taps;
  for (std::size_t k = 0; k < taps.size(); ++k) taps[k] = kernel + k * kernels;
  for_size(size, [&]<typename W>(const W&) {
    gather<typename W::Kernel>(taps, kernels, step, transformed);
  });
}

BNN_VECTOR_CLONES void add_transform_kernel_adjoint(WinogradSize size, const float* transformed,
                                                    std::size_t kernels, std::size_t step,
                                                    float* kernel) {
  std::array<float*, 9> taps;
  for (std::size_t k = 0; k < taps.size(); ++k) taps[k] = kernel + k * kernels;
  for_size(size, [&]<typename W>(const W&) {
    scatter<typename W::KernelAdjoint>(transformed, kernels, step, taps, add_to);
  });
}

BNN_VECTOR_CLONES void transform_input(WinogradSize size, const Window& window,
                                       const TileBand& band, const float* image, const float* zeros,
                                       std::size_t step, float* transformed) {
  const auto channels = static_cast<std::size_t>(window.input.channels);
  for_size(size, [&]<typename W>(const W&) {
    for_each_tile_of(band, [&](std::size_t tile, int row, int column) {
      auto pixels = pixels_at<const float, W::Input::kFrom>(
          image, window.input, size.outputs * row - window.pad_top,
          size.outputs * column - window.pad_left);
      replace_null(pixels, zeros);
      gather<typename W::Input>(pixels, channels, step, transformed + tile * channels);
    });
  });
}

BNN_VECTOR_CLONES void add_transform_input_adjoint(WinogradSize size, const Window& window,
                                                   const TileBand& band, const float* transformed,
                                                   std::size_t step, float* image) {
  const auto channels = static_cast<std::size_t>(window.input.channels);
  for_size(size, [&]<typename W>(const W&) {
    for_each_tile_of(band, [&](std::size_t tile, int row, int column) {
      const auto pixels = pixels_at<float, W::InputAdjoint::kTo>(
          image, window.input, size.outputs * row - window.pad_top,
          size.outputs * column - window.pad_left);
      scatter<typename W::InputAdjoint>(transformed + tile * channels, channels, step, pixels,
                                        add_to);
    });
  });
}

BNN_VECTOR_CLONES void transform_output(WinogradSize size, const Window& window,
                                        const TileBand& band, const float* transformed,
                                        std::size_t step, int filters, float* output) {
  const auto channels = static_cast<std::size_t>(filters);
  for_size(size, [&]<typename W>(const W&) {
    for_each_tile_of(band, [&](std::size_t tile, int row, int column) {
      const auto pixels = pixels_at<float, W::Output::kTo>(
          output, output_shape(window, filters), size.outputs * row, size.outputs * column);
      scatter<typename W::Output>(transformed + tile * channels, channels, step, pixels, store);
    });
  });
}

BNN_VECTOR_CLONES void transform_output_adjoint(WinogradSize size, const Window& window,
                                                const TileBand& band, const float* output,
                                                int filters, const float* zeros, std::size_t step,
                                                float* transformed) {
  const auto channels = static_cast<std::size_t>(filters);
  for_size(size, [&]<typename W>(const W&) {
    for_each_tile_of(band, [&](std::size_t tile, int row, int column) {
      auto pixels = pixels_at<const float, W::OutputAdjoint::kFrom>(
          output, output_shape(window, filters), size.outputs * row, size.outputs * column);
      replace_null(pixels, zeros);
      gather<typename W::OutputAdjoint>(pixels, channels, step, transformed + tile * channels);
    });
  });
}

}  // namespace bnn
