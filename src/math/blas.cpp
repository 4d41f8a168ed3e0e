#include "bnn/math/blas.h"

#include <algorithm>
#include <array>
#include <cblas.h>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <fmt/format.h>
#include <sys/mman.h>
#include <vector>

#include "bnn/core/error.h"

// A build for one kernel alone does not have them.
extern "C" {
[[gnu::weak]] void gotoblas_dynamic_init();
[[gnu::weak]] void gotoblas_dynamic_quit();
}

// OpenBLAS's own allocator. A buffer that is given back stays mapped for the next caller.
extern "C" {
[[gnu::weak]] void* blas_memory_alloc(int position);
[[gnu::weak]] void blas_memory_free(void* buffer);
}

namespace bnn {
namespace {

constexpr const char* kKernelVariable = "OPENBLAS_CORETYPE";

// OpenBLAS reads the variable when it chooses.
void choose_kernel_again(const std::string& name) {
  gotoblas_dynamic_quit();
  setenv(kKernelVariable, name.c_str(), 1);
  gotoblas_dynamic_init();
}

float beta(Write write) { return write == Write::add ? 1.0f : 0.0f; }

// Products of few rows are cut into parts of at most this many multiply-adds, for which OpenBLAS
// has kernels that read their operands in place. It would pack a matrix of weights anew for every
// shard, which costs half as much again as the product itself.
constexpr std::size_t kUnpackedProduct = 1000000;
constexpr int kFewColumns = 64;
constexpr std::size_t kShortestPart = 64;

std::size_t area(int rows, int columns) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
}

// The length of the parts of one side whose other two sides span `plane`: all of it where the
// product is small already, or where parts would be too short to be worth it.
int part(int length, std::size_t plane) {
  const std::size_t most = kUnpackedProduct / std::max<std::size_t>(plane, 1);
  if (most < kShortestPart || most >= static_cast<std::size_t>(length)) return std::max(length, 1);
  return static_cast<int>(most / 16 * 16);
}

void refuse_unsafe_build(int threads) {
  constexpr int kSerial = 0, kOpenMp = 2;
  const int kind = openblas_get_parallel();
  if (kind == kSerial && threads > 1) {
    throw Error(ErrorKind::internal,
                "the serial build of OpenBLAS cannot be called from several threads; install "
                "libopenblas0-pthread, or use --threads 1");
  }
  if (kind == kOpenMp) {
    throw Error(ErrorKind::internal,
                "the OpenMP build of OpenBLAS does not keep to one thread, so results would depend "
                "on their number; install libopenblas0-pthread");
  }
}

// OpenBLAS 0.3.21 maps one buffer per concurrent caller and retries without end if it cannot.
void probe_buffers(int threads) {
  constexpr std::size_t kBufferBytes = std::size_t{32} << 22;
  const std::size_t bytes = kBufferBytes * static_cast<std::size_t>(threads);
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    throw Error(ErrorKind::io,
                fmt::format("not enough memory: OpenBLAS needs address space of {} MiB for {} "
                            "threads; raise the limit or use fewer --threads",
                            bytes >> 20, threads));
  }
  munmap(memory, bytes);
}

// Maps all of them now, before other allocations take the room that was found.
void map_buffers(int threads) {
  constexpr int kSlots = 128;  // that OpenBLAS has before it warns on stderr
  if (blas_memory_alloc == nullptr || blas_memory_free == nullptr) return;
  std::vector<void*> buffers;
  for (int i = 0; i < std::min(threads, kSlots); ++i) buffers.push_back(blas_memory_alloc(0));
  for (void* buffer : buffers) blas_memory_free(buffer);
}

void check_a_product() {
  constexpr int kRows = 17, kDepth = 19, kColumns = 23;
  std::array<float, kRows * kDepth> a;
  std::array<float, kDepth * kColumns> b;
  std::array<float, kRows * kColumns> c;
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<float>(i % 7) - 3.0f;
  for (std::size_t i = 0; i < b.size(); ++i) b[i] = static_cast<float>(i % 5) - 2.0f;
  blas_multiply(matrix(a.data(), kRows, kDepth), matrix(b.data(), kDepth, kColumns),
                matrix(c.data(), kRows, kColumns));
  for (std::size_t row = 0; row < kRows; ++row) {
    for (std::size_t column = 0; column < kColumns; ++column) {
      float sum = 0.0f;  // small integers: exact in any order
      for (std::size_t k = 0; k < kDepth; ++k) {
        sum += a[row * kDepth + k] * b[k * kColumns + column];
      }
      if (c[row * kColumns + column] != sum) {
        throw Error(ErrorKind::internal,
                    fmt::format("OpenBLAS ({}) computes a wrong matrix product on this processor",
                                blas_configuration()));
      }
    }
  }
}

}  // namespace

// Depth is cut, and parts are added up.
void blas_multiply(ConstMatrix a, ConstMatrix b, Matrix c, Write write) {
  const int depth = a.columns;
  const int step = part(depth, area(c.rows, c.columns));
  for (int k = 0; k < depth; k += step) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, c.rows, c.columns,
                std::min(step, depth - k), 1.0f, a.data + k, a.stride, b.data + area(k, b.stride),
                b.stride, k == 0 ? beta(write) : 1.0f, c.data, c.stride);
  }
}

// Rows of the result are cut.
void blas_multiply_at_b(ConstMatrix a, ConstMatrix b, Matrix c, Write write) {
  const int step = part(c.rows, area(a.rows, c.columns));
  for (int row = 0; row < c.rows; row += step) {
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, std::min(step, c.rows - row), c.columns,
                a.rows, 1.0f, a.data + row, a.stride, b.data, b.stride, beta(write),
                c.data + area(row, c.stride), c.stride);
  }
}

// The result is cut into parts of few columns, because OpenBLAS packs even a small product of many
// columns.
void blas_multiply_a_bt(ConstMatrix a, ConstMatrix b, Matrix c, Write write) {
  const int columns = part(c.columns, area(c.rows, a.columns));
  const int step =
      columns < c.columns && a.columns >= kFewColumns ? std::min(columns, kFewColumns) : c.columns;
  for (int column = 0; column < c.columns; column += step) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, c.rows, std::min(step, c.columns - column),
                a.columns, 1.0f, a.data, a.stride, b.data + area(column, b.stride), b.stride,
                beta(write), c.data + column, c.stride);
  }
}

void prepare_blas(int threads) {
  refuse_unsafe_build(threads);
  probe_buffers(threads);
  map_buffers(threads);
  openblas_set_num_threads(1);
  check_a_product();
}

std::string blas_configuration() { return openblas_get_config(); }

std::string blas_kernel() { return openblas_get_corename(); }

bool use_blas_kernel(const std::string& name) {
  if (gotoblas_dynamic_init == nullptr || gotoblas_dynamic_quit == nullptr) return false;
  const char* set = std::getenv(kKernelVariable);
  const std::string before = blas_kernel(), variable = set == nullptr ? "" : set;
  choose_kernel_again(name);
  const bool taken = blas_kernel() == name;
  if (!taken) choose_kernel_again(before);
  if (set == nullptr) {
    unsetenv(kKernelVariable);
  } else {
    setenv(kKernelVariable, variable.c_str(), 1);
  }
  return taken;
}

}  // namespace bnn
