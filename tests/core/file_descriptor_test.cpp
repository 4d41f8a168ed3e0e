#include "bnn/core/file_descriptor.h"

#include <catch2/catch.hpp>

namespace bnn {
namespace {

// A system call that signals interrupt so many times before it returns 7.
struct InterruptedCall {
  int interruptions;
  int calls = 0;

  int operator()() {
    if (++calls > interruptions) return 7;
    errno = EINTR;
    return -1;
  }
};

TEST_CASE("an interrupted system call is made again") {
  for (const int interruptions : {0, 1, kMaxAttempts - 1}) {
    InterruptedCall call{interruptions};
    CHECK(retried([&] { return call(); }) == 7);
    CHECK(call.calls == interruptions + 1);
  }
}

TEST_CASE("a system call that is always interrupted fails in the end") {
  InterruptedCall call{1000000};
  CHECK(retried([&] { return call(); }) == -1);
  CHECK(errno == EINTR);
  CHECK(call.calls == kMaxAttempts);
}

TEST_CASE("a system call that fails for another reason is not made again") {
  int calls = 0;
  const int result = retried([&] {
    ++calls;
    errno = ENOENT;
    return -1;
  });
  CHECK(result == -1);
  CHECK(errno == ENOENT);
  CHECK(calls == 1);
}

}  // namespace
}  // namespace bnn
