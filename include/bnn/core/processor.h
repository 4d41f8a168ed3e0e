#pragma once
// What the processor can do that matters for the choice of code. Thread-safe.

namespace bnn {

/// Each is true only if the operating system lets programs use it.
struct ProcessorFeatures {
  bool avx = false;
  bool avx2_and_fma = false;  // and the rest of x86-64-v3
  bool avx512 = false;        // F, BW, DQ, VL and CD: x86-64-v4
  bool amd = false;
};

ProcessorFeatures processor_features();

}  // namespace bnn
