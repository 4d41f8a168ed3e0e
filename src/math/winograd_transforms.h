#pragma once
// The transforms of winograd.h in one direction, on vectors of channels: Bᵀ x, Aᵀ x and G x, and
// their adjoints. A transform of a tile is one of these over its columns and then over its rows.
//
// F(m, r) with r taps interpolates at m + r - 1 points. B depends on the points alone, so
// F(4, 3) and F(2, 5), both with the points 0, ±1, ±2 and infinity, share it.

#include <array>

#include "bnn/math/winograd.h"

namespace bnn {
namespace {

// One vector of channels; arithmetic on it is element by element.
using Lanes [[gnu::vector_size(kWinogradLanes * sizeof(float))]] = float;

/// For tiles of M outputs and kernels of R taps along one side.
template <int M, int R>
struct Winograd;

template <>
struct Winograd<2, 3> {
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

struct SixPoints {
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
};

template <>
struct Winograd<4, 3> : SixPoints {
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

template <>
struct Winograd<2, 5> : SixPoints {
  struct Output {
    static constexpr int kFrom = 6, kTo = 2;
    static std::array<Lanes, 2> apply(const std::array<Lanes, 6>& x) {
      return {x[0] + (x[1] + x[2]) + (x[3] + x[4]), (x[1] - x[2]) + 2.0f * (x[3] - x[4]) + x[5]};
    }
  };
  struct OutputAdjoint {
    static constexpr int kFrom = 2, kTo = 6;
    static std::array<Lanes, 6> apply(const std::array<Lanes, 2>& y) {
      const Lanes twice = 2.0f * y[1];
      return {y[0], y[0] + y[1], y[0] - y[1], y[0] + twice, y[0] - twice, y[1]};
    }
  };
  struct Kernel {
    static constexpr int kFrom = 5, kTo = 6;
    static std::array<Lanes, 6> apply(const std::array<Lanes, 5>& x) {
      const Lanes even = (x[0] + x[2] + x[4]) * (1.0f / 6), odd = (x[1] + x[3]) * (1.0f / 6);
      const Lanes far_even = x[0] * (1.0f / 24) + x[2] * (1.0f / 6) + x[4] * (2.0f / 3);
      const Lanes far_odd = x[1] * (1.0f / 12) + x[3] * (1.0f / 3);
      return {0.25f * x[0], -even - odd, odd - even, far_even + far_odd, far_even - far_odd, x[4]};
    }
  };
  struct KernelAdjoint {
    static constexpr int kFrom = 6, kTo = 5;
    static std::array<Lanes, 5> apply(const std::array<Lanes, 6>& y) {
      const Lanes near = (y[1] + y[2]) * (1.0f / 6), near_odd = (y[2] - y[1]) * (1.0f / 6);
      const Lanes far = y[3] + y[4], far_odd = y[3] - y[4];
      return {0.25f * y[0] - near + far * (1.0f / 24), near_odd + far_odd * (1.0f / 12),
              far * (1.0f / 6) - near, near_odd + far_odd * (1.0f / 3),
              far * (2.0f / 3) - near + y[5]};
    }
  };
};

}  // namespace
}  // namespace bnn
