#include "bnn/core/processor.h"

#include "bnn/core/vector_loop.h"

namespace bnn {

ProcessorFeatures processor_features() {
  ProcessorFeatures features;
#if defined(__x86_64__)
  __builtin_cpu_init();
  features.avx = __builtin_cpu_supports("avx");
  features.avx2_and_fma = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                          __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  features.avx512 = features.avx2_and_fma && __builtin_cpu_supports("avx512f") &&
                    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd");
  features.amd = __builtin_cpu_is("amd");
#endif
  return features;
}

bool has_vector_level(VectorLevel level) {
  const ProcessorFeatures processor = processor_features();
  if (level == VectorLevel::avx512) return processor.avx512;
  return level == VectorLevel::baseline || processor.avx2_and_fma;
}

std::string multiply_add_name() {
  const bool fused = run_vectorized([]<MultiplyAdd kind>() { return kind == MultiplyAdd::fused; });
  return fused ? "fused" : "separate";
}

VectorLevel highest_vector_level() {
  static const VectorLevel highest = has_vector_level(VectorLevel::avx512) ? VectorLevel::avx512
                                     : has_vector_level(VectorLevel::avx2) ? VectorLevel::avx2
                                                                           : VectorLevel::baseline;
  return highest;
}

}  // namespace bnn
