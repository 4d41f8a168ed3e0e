// What a rank says that it sent, against the formulas of exchange.h.

#include <cmath>
#include <sstream>
#include <string>

#include <catch2/catch.hpp>

#include "mpi/mpi_fixture.h"

namespace bnn::testing {
namespace {

struct Sent {
  double bytes = 0.0, messages = 0.0;
};

Sent sent_in_steps(const TinyRun& tiny, int ranks, int steps) {
  const std::string out = "run" + std::to_string(ranks) + "_" + std::to_string(steps);
  const ProgramRun run = train_with_mpi(
      tiny, ranks, {"--out", out, "--verbose", "--max-steps", std::to_string(steps)});
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  const std::string begin = "the first of " + std::to_string(ranks) + " processes sent ";
  const std::size_t at = run.err.find(begin);
  REQUIRE(at != std::string::npos);
  std::istringstream text(run.err.substr(at + begin.size()));
  Sent sent;
  std::string bytes, in;
  text >> sent.bytes >> bytes >> in >> sent.messages;
  REQUIRE(text);
  return sent;
}

}  // namespace

TEST_CASE("the first rank sends the bytes and messages of the formulas") {
  Json config = tiny_config();
  config["model"]["layers"] = parsed(R"([{"type": "flatten"},
    {"type": "dense", "units": 512}, {"type": "dense", "units": 512},
    {"type": "dense_flipout", "name": "logits", "units": 10}])");
  config["training"]["epochs"] = 4;
  const TinyRun tiny(config);
  const double parameters = [&] {
    const ProgramRun run = tiny.train({"--dry-run"});
    std::istringstream text(run.out.substr(run.out.find("\ntotal")));
    std::string total, count;
    text >> total >> count;
    std::erase(count, ',');
    return std::stod(count);
  }();
  for (const int ranks : {2, 4, 8}) {
    CAPTURE(ranks, parameters);
    const Sent few = sent_in_steps(tiny, ranks, 1), many = sent_in_steps(tiny, ranks, 3);
    // Gradients there and parameters back, the report of the step, the sums of chunks.
    const double doublings = std::log2(ranks);
    CHECK(many.messages - few.messages == 2 * 4 * doublings);
    // Segments are cut at borders of chunks.
    const double formula = 2 * 4 * parameters * (ranks - 1) / ranks;
    CHECK((many.bytes - few.bytes) / 2 == Approx(formula).epsilon(0.05));
  }
}

}  // namespace bnn::testing
