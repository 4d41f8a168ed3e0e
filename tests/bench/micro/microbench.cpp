// bnn-microbench: how fast the hot parts are by themselves. Takes the options of google-benchmark.

#include <benchmark/benchmark.h>

#include "benchmarks.h"
#include "bnn/core/error.h"
#include "bnn/math/blas.h"
#include "bnn/process/blas_kernel.h"
#include "bnn/process/main_guard.h"

namespace bnn {
namespace {

int run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (argc > 1) {
    throw Error(ErrorKind::usage, std::string("unknown option ") + argv[1] +
                                      "; expected one of google-benchmark's, see --help");
  }
  prepare_blas(1);
  benchmark::AddCustomContext("blas", blas_configuration());
  register_gemm_benchmarks();
  register_convolution_benchmarks();
  register_winograd_benchmarks();
  register_layer_benchmarks();
  register_pooling_benchmarks();
  register_activation_benchmarks();
  register_random_benchmarks();
  register_optimizer_benchmarks();
  register_loading_benchmarks();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace
}  // namespace bnn

int main(int argc, char** argv) {
  bnn::choose_blas_kernel();
  return bnn::guarded_main("bnn-microbench", [&] { return bnn::run(argc, argv); });
}
