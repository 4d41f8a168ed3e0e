#include "bnn/process/version.h"

#include <fmt/format.h>

#include "bnn/math/blas.h"
#include "bnn/math/products.h"
#include "bnn/process/blas_kernel.h"

namespace bnn {

std::string version_text(const std::string& program) {
  return fmt::format("{} {}\ncompiler  {}\nproducts  {}\nOpenBLAS  {}\nkernel    {}", program,
                     BNN_VERSION, __VERSION__, Products().name(), blas_configuration(),
                     blas_kernel_text());
}

}  // namespace bnn
