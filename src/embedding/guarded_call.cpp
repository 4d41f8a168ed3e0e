#include "guarded_call.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <string_view>

namespace bnn {
namespace {

// Kept in place, so that an error can be stored when there is no memory left.
constexpr std::size_t kMaxError = 1024;
thread_local std::array<char, kMaxError> last_message{};

int fail(bnn_status status, std::string_view message) {
  const std::size_t size = std::min(message.size(), kMaxError - 1);
  std::memcpy(last_message.data(), message.data(), size);
  last_message[size] = '\0';
  return status;
}

bnn_status status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return BNN_ERROR_ARGUMENT;
    case ErrorKind::config:
    case ErrorKind::data:
    case ErrorKind::checkpoint:
      return BNN_ERROR_CHECKPOINT;
    case ErrorKind::io:
    case ErrorKind::locked:
      return BNN_ERROR_SYSTEM;
    case ErrorKind::numerical:
      return BNN_ERROR_NUMERICAL;
    case ErrorKind::internal:
      return BNN_ERROR_INTERNAL;
  }
  return BNN_ERROR_INTERNAL;
}

}  // namespace

int status_of_exception() noexcept {
  try {
    throw;
  } catch (const Error& error) {
    return fail(status_of(error.kind()), error.what());
  } catch (const std::bad_alloc&) {
    return fail(BNN_ERROR_SYSTEM, "not enough memory");
  } catch (const Interrupted&) {
    return fail(BNN_ERROR_SYSTEM, "a signal interrupted the reading; expected to be called again");
  } catch (...) {
    return fail(BNN_ERROR_INTERNAL, "an internal error of libbnn; please report it");
  }
}

const char* last_error() { return last_message.data(); }

void require_argument(bool holds, const char* sentence) {
  if (!holds) throw Error(ErrorKind::usage, sentence);
}

}  // namespace bnn
