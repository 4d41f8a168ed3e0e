// The thread pool under ThreadSanitizer: rounds of tasks of all sizes, with exceptions, on pools
// that come and go. The sums are checked too.

#include <cstdio>
#include <stdexcept>
#include <vector>

#include "../../../src/core/thread_pool.cpp"
#include "bnn/core/thread_pool.h"

namespace {

bool sums_are_right(bnn::ThreadPool& pool, std::size_t count) {
  std::vector<int> out(count), per_worker(static_cast<std::size_t>(pool.size()));
  pool.run(count, [&](std::size_t index, int worker) {
    out[index] += static_cast<int>(index);
    ++per_worker[static_cast<std::size_t>(worker)];
  });
  int tasks = 0;
  for (const int number : per_worker) tasks += number;
  for (std::size_t i = 0; i < count; ++i) {
    if (out[i] != static_cast<int>(i)) return false;
  }
  return tasks == static_cast<int>(count);
}

bool hands_on_an_exception(bnn::ThreadPool& pool) {
  try {
    pool.run(20, [](std::size_t index, int) {
      if (index % 7 == 3) throw std::runtime_error("a task failed");
    });
  } catch (const std::runtime_error&) {
    return true;
  }
  return false;
}

}  // namespace

int main() {
  for (int threads = 1; threads <= 8; ++threads) {
    bnn::ThreadPool pool(threads);
    for (std::size_t count = 0; count < 100; ++count) {
      if (!sums_are_right(pool, count) || !hands_on_an_exception(pool)) {
        std::puts("a round went wrong");
        return 1;
      }
    }
  }
}
