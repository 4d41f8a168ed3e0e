#include "bnn/app/memory_limit.h"

#include <unistd.h>

#include "bnn/app/display_text.h"

namespace bnn {

void require_memory(std::size_t bytes, const std::string& source, const std::string& purpose,
                    ErrorKind kind) {
  const double machine =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE));
  const double needed = static_cast<double>(bytes);
  if (needed <= machine) return;
  throw Error(kind, source + ": " + purpose + " needs about " + fixed(needed / 1e9, 1) +
                        " GB of memory, but this machine has " + fixed(machine / 1e9, 1) + " GB");
}

}  // namespace bnn
