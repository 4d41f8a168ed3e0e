#include "bnn/process/blas_kernel.h"

#include <cstdlib>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/places.h"
#include "support/run_program.h"

namespace bnn {
namespace {

constexpr ProcessorFeatures kSse{};
constexpr ProcessorFeatures kAvx{.avx = true};
constexpr ProcessorFeatures kAvx2{.avx = true, .avx2_and_fma = true};
constexpr ProcessorFeatures kAvx512{.avx = true, .avx2_and_fma = true, .avx512 = true};

ProcessorFeatures of_amd(ProcessorFeatures features) {
  features.amd = true;
  return features;
}

TEST_CASE("a kernel older than the processor is replaced by the best one that it can run") {
  for (const std::string old : {"Prescott", "Core2", "Penryn", "Dunnington", "Nehalem", "Atom",
                                "Opteron", "Opteron_SSE3", "Barcelona", "Bobcat", "Nano"}) {
    CAPTURE(old);
    CHECK(better_blas_kernel(kAvx512, old) == "SkylakeX");
    CHECK(better_blas_kernel(of_amd(kAvx512), old) == "SkylakeX");
    CHECK(better_blas_kernel(kAvx2, old) == "Haswell");
    CHECK(better_blas_kernel(of_amd(kAvx2), old) == "Zen");
    CHECK(better_blas_kernel(kAvx, old) == "Sandybridge");
    CHECK(better_blas_kernel(of_amd(kAvx), old) == "Sandybridge");
    CHECK(better_blas_kernel(kSse, old) == std::nullopt);
  }
}

TEST_CASE("a processor that OpenBLAS knows keeps its kernel, whatever it can do") {
  for (const std::string known :
       {"SkylakeX", "Cooperlake", "SapphireRapids", "Haswell", "Zen", "Sandybridge", "Bulldozer",
        "Piledriver", "Steamroller", "Excavator", "a kernel to come", ""}) {
    CAPTURE(known);
    for (const ProcessorFeatures& processor : {kSse, kAvx, kAvx2, kAvx512}) {
      CHECK(better_blas_kernel(processor, known) == std::nullopt);
      CHECK(better_blas_kernel(of_amd(processor), known) == std::nullopt);
    }
  }
}

TEST_CASE("features of this processor imply each other") {
  const ProcessorFeatures features = processor_features();
  CHECK((!features.avx512 || features.avx2_and_fma));
  CHECK((!features.avx2_and_fma || features.avx));
}

// OpenBLAS reads the environment as the programs start, so a shell sets it.
std::string kernel_with(const std::string& variable) {
  const std::string command = variable + " exec \"$0\" --version";
  const testing::ProgramRun run = testing::run_program(
      "/bin/sh", {"-c", command, testing::binary_directory() + "/bnn-train"}, {});
  CHECK(run.exit_code == 0);
  const std::size_t at = run.out.find("kernel    ");
  REQUIRE(at != std::string::npos);
  return run.out.substr(at + 10);
}

TEST_CASE("who names a kernel in the environment keeps it") {
  CHECK(kernel_with("OPENBLAS_CORETYPE=Prescott") == "Prescott\n");
  CHECK(kernel_with("OPENBLAS_CORETYPE=Nehalem") == "Nehalem\n");
}

TEST_CASE("the option --version names the kernel in use") {
  const std::string text = kernel_with("unset OPENBLAS_CORETYPE;");
  CHECK(text.size() > 1);
  const bool is_old = text.starts_with("Prescott") || text.starts_with("Nehalem");
  CHECK_FALSE((is_old && processor_features().avx));
}

}  // namespace
}  // namespace bnn
