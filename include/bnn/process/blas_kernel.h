#pragma once
// OpenBLAS chooses its kernel by the processor's model. One that it does not know gets the kernel
// of 2004 (Prescott), a third or a fourth as fast as one for AVX-512 or AVX2. The programs compare
// the kernel with what the processor can do, and choose again where it is less. A processor that
// OpenBLAS knows keeps its kernel, and so the bits of its results; so does whoever sets
// OPENBLAS_CORETYPE.

#include <optional>
#include <string>
#include <string_view>

namespace bnn {

/// What matters for the choice. Each is true only if the operating system lets programs use it.
struct ProcessorFeatures {
  bool avx = false;
  bool avx2_and_fma = false;
  bool avx512 = false;  // F, BW, DQ, VL and CD: what the kernel SkylakeX needs
  bool amd = false;
};

ProcessorFeatures processor_features();

/// The name of the kernel to take instead of `chosen`, or none if that one is good.
std::optional<std::string> better_blas_kernel(const ProcessorFeatures& processor,
                                              std::string_view chosen);

/// Chooses again where that is better. To be called first in main; later calls do nothing. Not
/// while another thread computes a product.
void choose_blas_kernel();

/// The kernel in use, and what became of OpenBLAS's own choice:
/// "SkylakeX (instead of Prescott, since OpenBLAS does not know this processor)".
std::string blas_kernel_text();

}  // namespace bnn
