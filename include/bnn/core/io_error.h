#pragma once
// Faults of the system as errors. Thread-safe: no state.

#include <string>

#include "bnn/core/error.h"

namespace bnn {

/// Error(io) with the text "path: action: the system's reason for `error`", an errno.
Error io_error(const std::string& path, const std::string& action, int error);

}  // namespace bnn
