#include "bnn/process/version.h"

#include "bnn/math/blas.h"

namespace bnn {

std::string version_text(const std::string& program) {
  return program + " " BNN_VERSION "\ncompiler  " __VERSION__ "\nOpenBLAS  " +
         blas_configuration() + "\nkernel    " + blas_kernel();
}

}  // namespace bnn
