#include "bnn/process/version.h"

#include <fmt/format.h>

#include "bnn/math/blas.h"
#include "bnn/process/blas_kernel.h"

namespace bnn {

std::string version_text(const std::string& program) {
  return fmt::format("{} {}\ncompiler  {}\nOpenBLAS  {}\nkernel    {}", program, BNN_VERSION,
                     __VERSION__, blas_configuration(), blas_kernel_text());
}

}  // namespace bnn
