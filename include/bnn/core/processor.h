#pragma once
// What the processor can do that matters for the choice of code. Thread-safe.

#include <string>

namespace bnn {

/// Each is true only if the operating system lets programs use it.
struct ProcessorFeatures {
  bool avx = false;
  bool avx2_and_fma = false;  // and BMI 1 and 2
  bool avx512 = false;        // F, BW, DQ, VL and CD, and the line above
  bool amd = false;
};

ProcessorFeatures processor_features();

/// Vector instructions that code is compiled for: those of every processor of the build, AVX2 with
/// FMA, or AVX-512.
enum class VectorLevel { baseline, avx2, avx512 };

/// Whether the processor has the instructions.
bool has_vector_level(VectorLevel level);
VectorLevel highest_vector_level();

/// "fused" if the program's loops and own products round a multiplication and an addition once, as
/// they do on processors with AVX2 and FMA; else "separate". Their bits depend on nothing else of
/// the processor.
std::string multiply_add_name();

}  // namespace bnn
