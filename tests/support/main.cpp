#define CATCH_CONFIG_RUNNER
#include <cstdlib>

#include <catch2/catch.hpp>

#include "bnn/process/blas_kernel.h"

namespace {

// As the programs do, which the tests compare the library with.
[[gnu::constructor(101)]] void keep_blas_single_threaded() {
  setenv("OPENBLAS_NUM_THREADS", "1", 1);
}

}  // namespace

int main(int argc, char** argv) {
  bnn::choose_blas_kernel();
  return Catch::Session().run(argc, argv);
}
