#include "bnn/exchange/agreement.h"

#include <catch2/catch.hpp>

#include "support/thread_transport.h"

namespace bnn::testing {
namespace {

// What each of four processes throws.
std::vector<std::string> errors_of(const std::function<void(Exchange&)>& work) {
  std::vector<std::string> errors(4);
  run_processes(4, [&](Exchange& exchange) {
    try {
      work(exchange);
    } catch (const AgreedError& error) {
      errors[static_cast<std::size_t>(exchange.rank())] =
          std::to_string(static_cast<int>(error.kind())) + " " + error.what();
      for (const std::string& detail : error.details()) {
        errors[static_cast<std::size_t>(exchange.rank())] += " | " + detail;
      }
    }
  });
  return errors;
}

std::vector<std::string> all(const std::string& error) { return std::vector(4, error); }

}  // namespace

TEST_CASE("an error of one process is that of all, with its place") {
  const auto fail_on = [](int rank) {
    return errors_of([rank](Exchange& exchange) {
      together(exchange, [&] {
        if (exchange.rank() >= rank) throw Error(ErrorKind::data, "the file is broken", {"a", "b"});
      });
    });
  };
  CHECK(fail_on(4) == all(""));
  CHECK(fail_on(2) == all("4 rank 2 of 4: the file is broken | a | b"));
  CHECK(fail_on(0) == all("4 the file is broken | a | b"));
}

TEST_CASE("work of the first process alone") {
  std::vector<int> ran(4, 0);
  CHECK(errors_of([&](Exchange& exchange) {
          first_alone(exchange, [&] { ++ran[static_cast<std::size_t>(exchange.rank())]; });
        }) == all(""));
  CHECK(ran == std::vector<int>{1, 0, 0, 0});
}

TEST_CASE("alone, errors pass as they are") {
  Exchange alone;
  CHECK_THROWS_AS(together(alone, [] { throw Error(ErrorKind::io, "x"); }), Error);
  try {
    together(alone, [] { throw Error(ErrorKind::io, "x"); });
  } catch (const Error& error) {
    CHECK(dynamic_cast<const AgreedError*>(&error) == nullptr);
  }
}

TEST_CASE("what differs between processes is named") {
  const auto compare = [](int other) {
    return errors_of([other](Exchange& exchange) {
      const SharedFact facts[] = {{"the config", "c"},
                                  {"the data", exchange.rank() == other ? "7" : "8"}};
      require_same(exchange, facts);
    });
  };
  CHECK(compare(-1) == all(""));
  CHECK(compare(3) == all("3 the data must be the same in all processes: found 8 on rank 0 of 4, "
                          "and 7 on rank 3 of 4"));
  CHECK(compare(0) == all("3 the data must be the same in all processes: found 7 on rank 0 of 4, "
                          "and 8 on rank 1 of 4"));
}

}  // namespace bnn::testing
