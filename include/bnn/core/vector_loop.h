#pragma once
// Runs a loop as code for the vector instructions of the processor.
//
// A build for any x86-64 processor (BNN_NATIVE=OFF) compiles such a loop three times, with
// everything that it calls: for the baseline, for AVX2 with FMA and for AVX-512. The program picks
// one when it runs. A build for the local processor has one version, and other architectures too.
//
// The bits do not depend on the version as long as it has FMA: no arithmetic is reordered, and
// multiplications and additions are fused where the source says so (multiply_add), not where a
// compiler would like to (-ffp-contract=off). Without FMA, multiply_add rounds twice.

#include <cmath>

#include "bnn/core/processor.h"

namespace bnn {

enum class MultiplyAdd { separate, fused };

/// a b + c, rounded once if fused.
template <MultiplyAdd kind>
inline float multiply_add(float a, float b, float c) {
  if constexpr (kind == MultiplyAdd::fused) {
    return std::fma(a, b, c);
  } else {
    return a * b + c;
  }
}

#if defined(BNN_PORTABLE) && defined(__x86_64__)

template <typename Loop>
[[gnu::target("arch=x86-64-v3"), gnu::flatten]] auto run_for_avx2(Loop loop) {
  return loop.template operator()<MultiplyAdd::fused>();
}

template <typename Loop>
[[gnu::target("arch=x86-64-v4"), gnu::flatten]] auto run_for_avx512(Loop loop) {
  return loop.template operator()<MultiplyAdd::fused>();
}

/// As run_vectorized, at a level that the processor has.
template <typename Loop>
auto run_at(VectorLevel level, Loop loop) {
  if (level == VectorLevel::avx512) return run_for_avx512(loop);
  if (level == VectorLevel::avx2) return run_for_avx2(loop);
  return loop.template operator()<MultiplyAdd::separate>();
}

#else

template <typename Loop>
auto run_at(VectorLevel /*level*/, Loop loop) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
  return loop.template operator()<MultiplyAdd::fused>();
#else
  return loop.template operator()<MultiplyAdd::separate>();
#endif
}

#endif

/// Calls loop.operator()<MultiplyAdd>(), a lambda that captures by copy: numbers behind a reference
/// could be among those that it writes, and would be read again and again.
template <typename Loop>
auto run_vectorized(Loop loop) {
  return run_at(highest_vector_level(), loop);
}

}  // namespace bnn
