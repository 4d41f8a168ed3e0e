// --products: which code multiplies matrices is the run's choice, and every program keeps it.

#include <catch2/catch.hpp>

#include "bnn/checkpoint/checkpoint.h"
#include "bnn/files/checkpoint_file.h"
#include "support/json_document.h"
#include "support/places.h"
#include "support/run_program.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

ProductsKind products_of(const std::string& checkpoint) {
  return load_checkpoint(checkpoint).config.training.products;
}

// Makes the last checkpoint one of a run with other arithmetic.
void replace_metadata(const TinyRun& tiny, const std::string& key, const std::string& value) {
  CheckpointContents contents = read_checkpoint_file(tiny.last());
  REQUIRE(contents.extra_metadata.count(key) == 1);
  contents.extra_metadata[key] = value;
  std::vector<TensorView> views;
  for (const Tensor& tensor : contents.tensors) {
    views.push_back({tensor.name, tensor.shape, tensor.values});
  }
  write_checkpoint_file(tiny.last(), contents.config, contents.state, contents.extra_metadata,
                        views);
}

// What resuming says about bits that will differ.
bool warns(const TinyRun& tiny) {
  const ProgramRun run = tiny.train({"--out", "run", "--resume", "--epochs", "2"});
  REQUIRE(run.exit_code == 0);
  return run.err.find("results will not be bit for bit those of one run") != std::string::npos;
}

// The words of a program after the shell's limit of the address space.
ProgramRun run_in_address_space(const TinyRun& tiny, int megabytes, const Words& words) {
  Words all = {"-c", "ulimit -v " + std::to_string(megabytes * 1000) + "; exec \"$@\"", "sh"};
  all.insert(all.end(), words.begin(), words.end());
  ProgramOptions options;
  options.directory = tiny.path();
  options.timeout_seconds = 20;
  return run_program("/bin/sh", all, options);
}

}  // namespace

TEST_CASE("a run that goes on with other arithmetic is warned of, where that changes its bits") {
  for (const std::string products : {"own", "openblas"}) {
    for (const std::string key : {"", "blas_kernel", "multiply_add"}) {
      CAPTURE(products, key);
      const TinyRun tiny;
      REQUIRE(tiny.train({"--out", "run", "--epochs", "1", "--products", products}).exit_code == 0);
      if (!key.empty()) replace_metadata(tiny, key, "another");
      CHECK(warns(tiny) == (key == "multiply_add" || (products == "openblas" && !key.empty())));
    }
  }
}

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

#if !defined(__SANITIZE_ADDRESS__)  // which maps terabytes

TEST_CASE("own products of eight threads need no memory for the buffers of OpenBLAS") {
  const TrainedRun tiny;
  const std::string bin = binary_directory() + "/";
  const auto code = [&](Words words, const Words& more) {
    words.insert(words.end(), {"--threads", "8"});
    words.insert(words.end(), more.begin(), more.end());
    return run_in_address_space(tiny, 1000, words).exit_code;
  };
  const Words train = {bin + "bnn-train", "--config", "tiny.json", "--out", "narrow"};
  const Words eval = {bin + "bnn-eval", tiny.last()};
  CHECK(code(train, {}) == 0);
  CHECK(read_bytes(tiny.last("narrow")) == read_bytes(tiny.last()));
  CHECK(code(eval, {}) == 0);
  CHECK(code(eval, {"--fit-calibration"}) == 0);
  CHECK(code(eval, {"--fit-features"}) == 0);
  CHECK(code({bin + "bnn-predict", tiny.last(), "test-images"}, {}) == 0);
  CHECK(code(eval, {"--products", "openblas"}) == 6);
}

TEST_CASE(
    "products of OpenBLAS end with code 6, and do not wait, where other memory fills the room") {
  const TinyRun tiny;
  for (int megabytes = 300; megabytes <= 360; megabytes += 10) {
    CAPTURE(megabytes);
    const Words words = {binary_directory() + "/bnn-train",
                         "--config",
                         "tiny.json",
                         "--out",
                         "run",
                         "--overwrite",
                         "--products",
                         "openblas",
                         "--threads",
                         "2"};
    const ProgramRun run = run_in_address_space(tiny, megabytes, words);
    CHECK_FALSE(run.timed_out);
    CHECK((run.exit_code == 0 || run.exit_code == 6));
  }
}

#endif

}  // namespace bnn::testing
