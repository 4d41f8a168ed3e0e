// --products: which code multiplies matrices is the run's choice, and every program keeps it.

#include <catch2/catch.hpp>

#include "bnn/checkpoint/checkpoint.h"
#include "support/json_document.h"
#include "support/run_program.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

ProductsKind products_of(const std::string& checkpoint) {
  return load_checkpoint(checkpoint).config.training.products;
}

}  // namespace

TEST_CASE("the products of a run are stored in its checkpoints, and a continued run keeps them") {
  const TinyRun tiny;
  REQUIRE(tiny.train({"--out", "own", "--epochs", "1"}).exit_code == 0);
  CHECK(products_of(tiny.last("own")) == ProductsKind::own);
  const ProgramRun run =
      tiny.train({"--out", "run", "--epochs", "1", "--products", "openblas", "--verbose"});
  REQUIRE(run.exit_code == 0);
  CHECK(run.err.find("matrix products: OpenBLAS (") != std::string::npos);
  CHECK(products_of(tiny.last()) == ProductsKind::openblas);
  CHECK(read_bytes(tiny.last()) != read_bytes(tiny.last("own")));
  // The config that tiny.train names has no such key.
  CHECK(tiny.train({"--out", "run", "--resume", "--epochs", "2"}).exit_code == 0);
  CHECK(products_of(tiny.last()) == ProductsKind::openblas);
  const ProgramRun other = tiny.train({"--out", "run", "--resume", "--products", "own"});
  check_failure(other, "bnn-train", 3);
  CHECK(other.err.find("/training/products differs") != std::string::npos);
}

TEST_CASE("evaluation and prediction take the products of the run or those that are asked for") {
  const TrainedRun tiny(tiny_config(), {"--products", "openblas"});
  const auto name = [&](const Words& words) {
    Words all = {"--verbose"};
    all.insert(all.end(), words.begin(), words.end());
    return tiny.eval(all).err;
  };
  CHECK(name({}).find("matrix products: OpenBLAS (") != std::string::npos);
  CHECK(name({"--products", "own"}).find("matrix products: own (") != std::string::npos);
  const Json openblas = parsed(tiny.eval({"--format", "json"}).out);
  const Json own = parsed(tiny.eval({"--format", "json", "--products", "own"}).out);
  CHECK(own.at("nll").get<double>() == Approx(openblas.at("nll").get<double>()).epsilon(1e-5));
  CHECK(tiny.predict({"test-images", "--products", "own"}).exit_code == 0);
  check_failure(tiny.eval({"--products", "mkl"}), "bnn-eval", 2);
}

}  // namespace bnn::testing
