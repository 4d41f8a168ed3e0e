#include "bnn/core/memory_limit.h"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <unistd.h>

namespace bnn {

// The control group's file holds "max" where it allows all.
double memory_limit() {
  double bytes =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE));
  double limit = 0;
  if (std::ifstream("/sys/fs/cgroup/memory.max") >> limit) bytes = std::min(bytes, limit);
  return bytes;
}

void require_memory(std::size_t bytes, const std::string& source, const std::string& purpose,
                    ErrorKind kind) {
  const double machine = memory_limit();
  const double needed = static_cast<double>(bytes);
  if (needed <= machine) return;
  throw Error(kind,
              fmt::format("{}: {} needs about {:.1f} GB of memory, but there are only {:.1f} GB",
                          source, purpose, needed / 1e9, machine / 1e9));
}

}  // namespace bnn
