#pragma once
// OpenBLAS chooses its kernel by the processor's model. For a model that it does not know, it takes
// the kernel of the Prescott of 2004, which is three to four times slower than one for AVX-512 or
// AVX2. The programs replace a kernel without AVX if the processor has AVX. Any other kernel stays,
// and with it the bits of the results. A kernel that OPENBLAS_CORETYPE names stays too.

#include <optional>
#include <string>
#include <string_view>

#include "bnn/core/processor.h"
#include "bnn/math/products.h"

namespace bnn {

/// The name of the kernel to take instead of `chosen`, or none if that one is good.
std::optional<std::string> better_blas_kernel(const ProcessorFeatures& processor,
                                              std::string_view chosen);

/// Replaces the kernel if there is a better one. Call it first in main. Later calls do nothing. No
/// other thread may compute a product meanwhile.
void choose_blas_kernel();

/// The kernel in use, and what became of OpenBLAS's own choice:
/// "SkylakeX (instead of Prescott, since OpenBLAS does not know this processor)".
std::string blas_kernel_text();

/// What makes matrix products in this process: "own (AVX2)" or "OpenBLAS (…)" with the kernel.
std::string products_text(ProductsKind kind);

}  // namespace bnn
