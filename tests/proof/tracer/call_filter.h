#pragma once
// Makes the kernel stop this process, and all that it starts, at chosen system calls and no others
// (seccomp with SECCOMP_RET_TRACE), so that a traced program runs at its ordinary speed.

#include <vector>

#include "call_table.h"

namespace bnn::proof {

/// To be called by the process that is traced, before it executes the program. False with errno.
bool stop_at_calls(const std::vector<const Call*>& calls);

}  // namespace bnn::proof
