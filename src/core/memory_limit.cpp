#include "bnn/core/memory_limit.h"

#include <algorithm>
#include <fstream>
#include <unistd.h>

#include "bnn/core/display_text.h"

namespace bnn {
namespace {

// The machine's memory, or what a cgroup allows of it ("max" where it allows all).
double available_memory() {
  double bytes =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE));
  double limit = 0;
  if (std::ifstream("/sys/fs/cgroup/memory.max") >> limit) bytes = std::min(bytes, limit);
  return bytes;
}

}  // namespace

void require_memory(std::size_t bytes, const std::string& source, const std::string& purpose,
                    ErrorKind kind) {
  const double machine = available_memory();
  const double needed = static_cast<double>(bytes);
  if (needed <= machine) return;
  throw Error(kind, source + ": " + purpose + " needs about " + fixed(needed / 1e9, 1) +
                        " GB of memory, but there are only " + fixed(machine / 1e9, 1) + " GB");
}

}  // namespace bnn
