#pragma once
// Refuses work that cannot fit into this machine's memory, before anything is allocated.

#include <cstddef>
#include <string>

#include "bnn/core/error.h"

namespace bnn {

/// Bytes of this machine's memory, or what a control group allows of it.
double memory_limit();

/// Throws Error(kind), naming the source, if `bytes` is more than this machine's memory.
void require_memory(std::size_t bytes, const std::string& source, const std::string& purpose,
                    ErrorKind kind);

}  // namespace bnn
