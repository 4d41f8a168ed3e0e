#pragma once
// Loops that are unrolled from the start. What is indexed by constants can stay in registers; what
// is indexed by a loop that the compiler unrolls later does not.

namespace bnn {

/// A number that is part of the type.
template <int I>
struct Index {
  constexpr operator int() const { return I; }
};

/// Calls f(Index<0>()), …, f(Index<N - 1>()).
template <int N, int I = 0, typename F>
[[gnu::always_inline]] inline void unrolled(const F& f) {
  if constexpr (I < N) {
    f(Index<I>{});
    unrolled<N, I + 1>(f);
  }
}

}  // namespace bnn
