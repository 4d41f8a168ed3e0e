// What loading a trained network checks of the machine that it is to run on.

#include "bnn/checkpoint/model_checkpoint.h"

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "support/tiny_run.h"

namespace bnn::testing {

TEST_CASE("a network is refused if its memory on the threads asked for does not fit the machine") {
  const TrainedRun tiny(tiny_config(), {"--max-steps", "0"});
  // Some kilobytes a thread, whatever machine this is and however many processors it has.
  CHECK_NOTHROW(load_model(tiny.last(), 1));
  constexpr int kTooMany = 2000000000;
  try {
    load_model(tiny.last(), kTooMany);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::checkpoint);
    CHECK_THAT(error.what(), Catch::Contains("running the network needs about"));
  }
}

}  // namespace bnn::testing
