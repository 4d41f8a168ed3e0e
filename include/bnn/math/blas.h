#pragma once
// Matrix products, row-major, float32, from OpenBLAS (products.h chooses). This module's .cpp is
// the only file that includes cblas.h.
//
// Every product runs on the calling thread alone: parallelism is above, in the thread pool, so that
// results do not depend on the number of threads. Products of few rows are made in parts, because
// OpenBLAS then reads the operands in place. Their shapes alone decide the parts. Thread-safe after
// prepare_blas.

#include <string>

#include "bnn/math/matrix.h"

namespace bnn {

/// c = a b, or c += a b.
void blas_multiply(ConstMatrix a, ConstMatrix b, Matrix c, Write write = Write::overwrite);
/// c = aᵀ b, or c += aᵀ b.
void blas_multiply_at_b(ConstMatrix a, ConstMatrix b, Matrix c, Write write = Write::overwrite);
/// c = a bᵀ, or c += a bᵀ.
void blas_multiply_a_bt(ConstMatrix a, ConstMatrix b, Matrix c, Write write = Write::overwrite);

/// Makes OpenBLAS safe for `threads` concurrent callers, or throws Error(internal) with what to do:
/// builds without locks or with OpenMP threads are refused, memory for its buffers is probed
/// (OpenBLAS 0.3.21 would wait forever), and one small product is checked against plain loops. Call
/// once, before the first product.
void prepare_blas(int threads);

/// Version, build options and processor kernel, for --version and checkpoints.
std::string blas_configuration();
std::string blas_kernel();

/// Switches OpenBLAS to the kernel of this name, for the whole process. No other thread may compute
/// a product meanwhile. Returns false and keeps the kernel if the build does not have this one or
/// has no choice.
bool use_blas_kernel(const std::string& name);

}  // namespace bnn
