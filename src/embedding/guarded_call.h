#pragma once
// The border between C++ and the callers of bnn.h: no exception crosses it.

#include "bnn.h"
#include "bnn/core/error.h"

namespace bnn {

/// The status of the exception that is being handled; its message becomes the thread's last error.
int status_of_exception() noexcept;

/// Runs `work`; what it throws becomes a status and the thread's last error.
template <typename Work>
int guarded_call(const Work& work) noexcept {
  try {
    work();
    return BNN_OK;
  } catch (...) {
    return status_of_exception();
  }
}

/// The last error of this thread, or "".
const char* last_error();

/// Throws Error(usage) unless the condition holds.
void require_argument(bool holds, const char* sentence);

}  // namespace bnn
