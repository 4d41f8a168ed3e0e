#pragma once
// The border between C++ and the callers of bnn.h: no exception crosses it.

#include <functional>
#include <string>

#include "bnn.h"
#include "bnn/core/error.h"

namespace bnn {

/// Runs `work`; what it throws becomes a status and the thread's last error.
int guarded_call(const std::function<void()>& work);

/// The last error of this thread, or "".
const char* last_error();

/// Throws Error(usage) unless the condition holds.
void require_argument(bool holds, const char* sentence);

}  // namespace bnn
