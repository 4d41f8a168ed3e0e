#include "bnn/process/blas_kernel.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fmt/format.h>

#include "bnn/math/blas.h"

namespace bnn {
namespace {

// The kernels of OpenBLAS 0.3.21 that use nothing newer than SSE 4.2.
constexpr std::array<std::string_view, 16> kWithoutAvx = {
    "Katmai", "Coppermine",   "Northwood",  "Prescott", "Banias", "Atom",
    "Core2",  "Penryn",       "Dunnington", "Nehalem",  "Athlon", "Opteron",
    "Nano",   "Opteron_SSE3", "Bobcat",     "Barcelona"};

// OpenBLAS's own choice where it was replaced, or "".
const std::string& replaced_kernel() {
  static const std::string replaced = [] {
    if (std::getenv("OPENBLAS_CORETYPE") != nullptr) return std::string();
    const std::string chosen = blas_kernel();
    const auto better = better_blas_kernel(processor_features(), chosen);
    return better && use_blas_kernel(*better) ? chosen : std::string();
  }();
  return replaced;
}

}  // namespace

std::optional<std::string> better_blas_kernel(const ProcessorFeatures& processor,
                                              std::string_view chosen) {
  const bool is_old =
      std::find(kWithoutAvx.begin(), kWithoutAvx.end(), chosen) != kWithoutAvx.end();
  if (!is_old) return std::nullopt;
  if (processor.avx512) return "SkylakeX";
  if (processor.avx2_and_fma) return processor.amd ? "Zen" : "Haswell";
  if (processor.avx) return "Sandybridge";
  return std::nullopt;
}

void choose_blas_kernel() { replaced_kernel(); }

std::string products_text(ProductsKind kind) {
  if (kind == ProductsKind::own) return Products(kind).name();
  return fmt::format("OpenBLAS ({})", blas_kernel_text());
}

std::string blas_kernel_text() {
  const std::string& replaced = replaced_kernel();
  if (replaced.empty()) return blas_kernel();
  return fmt::format("{} (instead of {}, since OpenBLAS does not know this processor)",
                     blas_kernel(), replaced);
}

}  // namespace bnn
