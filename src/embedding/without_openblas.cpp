// The library has no OpenBLAS, which would start threads of its own and read the environment of the
// host's process. These functions stand for those of math/blas.cpp. Sessions take own products, so
// that none of them is ever asked for a product.

#include "bnn/core/error.h"
#include "bnn/math/blas.h"

namespace bnn {
namespace {

[[noreturn]] void refuse() {
  throw Error(ErrorKind::internal, "libbnn has no OpenBLAS; expected own products");
}

}  // namespace

void blas_multiply(ConstMatrix, ConstMatrix, Matrix, Write) { refuse(); }
void blas_multiply_at_b(ConstMatrix, ConstMatrix, Matrix, Write) { refuse(); }
void blas_multiply_a_bt(ConstMatrix, ConstMatrix, Matrix, Write) { refuse(); }
void prepare_blas(int) { refuse(); }
std::string blas_kernel() { return "none"; }

}  // namespace bnn
