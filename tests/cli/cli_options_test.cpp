// Options of the programs as a user gives them: help, mistakes, what is printed instead of a run.

#include <catch2/catch.hpp>

#include "support/data_files.h"
#include "support/json_document.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

const std::vector<std::string> kPrograms = {"bnn-train", "bnn-eval", "bnn-predict"};

Json printed_config(const TinyRun& tiny, const Words& arguments) {
  Words words = {"--print-config"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const ProgramRun run = tiny.train(words);
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  return bnn::testing::parsed(run.out);
}

}  // namespace

TEST_CASE("what is wrong with a word is said in plain words") {
  const struct {
    std::string program;
    Words words;
    std::string sentence;
  } cases[] = {
      {"bnn-train", {"--set"}, "--set: expected a value"},
      {"bnn-train", {"--config", "a", "--config", "b"}, "--config: expected once, found again"},
      {"bnn-train", {"--threads", "x"}, "expected a whole number from 1 to 1024, found x"},
      {"bnn-eval", {"x", "--prune", "2"}, "expected a number from 0 to 1, found 2"},
      {"bnn-eval", {"x", "--part", "1/99999999"}, "N at most 1000000"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.words);
    check_failure(run_program(c.program, c.words), c.program, 2, c.sentence);
  }
}

TEST_CASE(
    "the option --print-config prints a config that is a fixed point and trains to the same bits") {
  const TinyRun tiny;
  const std::vector<std::string> before = tiny.tree();
  const ProgramRun printed = tiny.train({"--print-config"});
  REQUIRE(printed.exit_code == 0);
  CHECK(printed.err.empty());
  CHECK(tiny.tree() == before);
  write_text(tiny.file("printed.json"), printed.out);
  CHECK(tiny.train_raw({"--config", "printed.json", "--print-config"}).out == printed.out);
  REQUIRE(tiny.train({"--out", "run"}).exit_code == 0);
  REQUIRE(tiny.train_raw({"--config", "printed.json", "--out", "again"}).exit_code == 0);
  CHECK(read_bytes(tiny.last("again")) == read_bytes(tiny.last()));
}

TEST_CASE("the option --print-config prints no config whose layers do not connect") {
  const TinyRun tiny;
  const ProgramRun run =
      tiny.train({"--print-config", "--set", R"(model.layers.0.inputs=["nothing"])"});
  check_failure(run, "bnn-train", 3);
  CHECK(run.out.empty());
}

TEST_CASE("the option --dry-run prints the layers and their sizes and writes nothing") {
  const TinyRun tiny;
  const std::vector<std::string> before = tiny.tree();
  const ProgramRun run = tiny.train({"--dry-run", "--out", "run"});
  REQUIRE(run.exit_code == 0);
  CHECK(run.err.starts_with("training images of each class: "));
  CHECK(tiny.tree() == before);
  // Parameters: conv 2 * (3 * 3 * 1 * 2) + 2 = 38, dense 2 * (18 * 10) + 10 = 370, 408 in all;
  // multiply-adds: 36 pixels * 9 * 2 = 648 and 18 * 10 = 180, flipout's dense layer twice.
  for (const char* part : {"conv ", "conv2d_flipout", "6 x 6 x 2", " 38 ", "max_pooling2d",
                           "3 x 3 x 2", "flatten", "logits", " 370 ", " 408 ", " 648 ", "memory"}) {
    CAPTURE(part);
    CHECK(run.out.find(part) != std::string::npos);
  }
}

TEST_CASE("precedence is defaults, file, --set, named flags") {
  const TinyRun tiny;
  const Json plain = printed_config(tiny, {});
  CHECK(plain.at("training").at("shards") == 8);  // default
  CHECK(plain.at("training").at("epochs") == 2);  // file
  CHECK(plain.at("evaluation").at("samples") == 4);
  const Json changed =
      printed_config(tiny, {"--set", "training.epochs=5", "--set", "training.shards=3", "--set",
                            "evaluation.samples=9", "--set", "evaluation.samples=11", "--epochs",
                            "6", "--seed", "123"});
  CHECK(changed.at("training").at("shards") == 3);
  CHECK(changed.at("training").at("epochs") == 6);
  CHECK(changed.at("training").at("seed") == 123);
  CHECK(changed.at("evaluation").at("samples") == 11);
}

TEST_CASE("the option --set reaches into lists and takes JSON or else a string") {
  const TinyRun tiny;
  const Json config = printed_config(
      tiny, {"--set", "model.layers.0.filters=3", "--set", "name=my run", "--set",
             "data.class_names=[\"a\",\"b\"]", "--set", "training.optimizer.learning_rate=3e-4",
             "--set", "model.layers.0.activation=null", "--set", "model.layers.1.padding=same"});
  CHECK(config.at("model").at("layers")[0].at("filters") == 3);
  CHECK(config.at("model").at("layers")[0].at("activation").is_null());
  CHECK(config.at("model").at("layers")[1].at("padding") == "same");
  CHECK(config.at("name") == "my run");
  CHECK(config.at("data").at("class_names") == Json({"a", "b"}));
  CHECK(config.at("training").at("optimizer").at("learning_rate") == 3e-4);
}

TEST_CASE("the option --quiet says nothing and --verbose no less than usual") {
  const TinyRun tiny;
  const ProgramRun quiet = tiny.train({"--out", "a", "--quiet"});
  CHECK(quiet.exit_code == 0);
  CHECK(quiet.err.empty());
  const ProgramRun plain = tiny.train({"--out", "b"});
  const ProgramRun verbose = tiny.train({"--out", "c", "--verbose"});
  CHECK(verbose.exit_code == 0);
  CHECK(lines_of(verbose.err).size() >= lines_of(plain.err).size());
  CHECK(read_bytes(tiny.last("a")) == read_bytes(tiny.last("c")));
}

TEST_CASE("the options --help and --version of all programs go to stdout and exit with 0") {
  for (const std::string& program : kPrograms) {
    CAPTURE(program);
    const ProgramRun help = run_program(program, {"--help"});
    CHECK(help.exit_code == 0);
    CHECK(help.err.empty());
    CHECK(help.out.find("Usage: " + program) != std::string::npos);
    CHECK(help.out.find("--threads") != std::string::npos);
    const ProgramRun version = run_program(program, {"--version"});
    CHECK(version.exit_code == 0);
    CHECK(version.err.empty());
    CHECK(version.out.starts_with(program + " "));
    for (const char* part : {"compiler", "OpenBLAS", "kernel"}) {
      CHECK(version.out.find(part) != std::string::npos);
    }
  }
}

TEST_CASE("a checkpoint behind an option that takes a list is told to go first") {
  for (const char* option : {"--files", "--ood", "--corrupt"}) {
    const ProgramRun run =
        run_program("bnn-eval", {option, "x", "runs/last.safetensors", "--samples", "2"});
    check_failure(run, "bnn-eval", 2,
                  std::string(option) + ": runs/last.safetensors is a checkpoint; name it first");
  }
}

TEST_CASE("mistakes on the command line exit with 2 and one line") {
  const TinyRun tiny;
  const std::vector<std::string> before = tiny.tree();
  struct Case {
    std::string program;
    Words arguments;
  };
  std::string wide;  // of two-byte characters, so that a cut may fall into one
  for (int i = 0; i < 999; ++i) wide += "\xc3\xa9";
  const std::vector<Case> cases = {
      {"bnn-train", {}},
      {"bnn-train", {"--resume"}},
      {"bnn-train", {"--frobnicate"}},
      {"bnn-train", {std::string("--").append(2000, 'x')}},
      {"bnn-train", {"--" + wide}},
      {"bnn-train", {"--config", "tiny.json", "--threads", "0"}},
      {"bnn-train", {"--config", "tiny.json", "--threads", "-1"}},
      {"bnn-train", {"--config", "tiny.json", "--threads", "many"}},
      {"bnn-train", {"--config", "tiny.json", "--max-steps", "-1"}},
      {"bnn-train", {"--config", "tiny.json", "--max-steps", "1.5"}},
      {"bnn-train", {"--config", "tiny.json", "--epochs", "two"}},
      {"bnn-train", {"--config", "tiny.json", "--epochs", "-1"}},
      {"bnn-train", {"--config", "tiny.json", "--seed", "-1"}},
      {"bnn-train", {"--config", "tiny.json", "--seed", "99999999999999999999"}},
      {"bnn-train", {"--config", "tiny.json", "--set", "training.epochs"}},
      {"bnn-train", {"--config", "tiny.json", "--set", "=3"}},
      {"bnn-train", {"--config", "tiny.json", "--set", "model.layers.9.filters=1"}},
      {"bnn-train", {"--config", "tiny.json", "--set", "model.layers.first.filters=1"}},
      {"bnn-train", {"--config", "tiny.json", "--set", "name.x=1"}},
      {"bnn-train", {"--config", "tiny.json", "--resume", "--overwrite"}},
      {"bnn-train", {"--config", "tiny.json", "--resume", "--init-from", "x"}},
      {"bnn-train", {"--config", "tiny.json", "--init-map", "x"}},
      {"bnn-train", {"--init", "x", "--config", "tiny.json"}},
      {"bnn-train", {"--out", "run", "--init", "x"}},
      {"bnn-train", {"--print-config", "--init", "x"}},
      {"bnn-train", {"--config", "tiny.json", "--quiet", "--verbose"}},
      {"bnn-train", {"--config", "tiny.json", "surplus"}},
      {"bnn-train", {"--config"}},
      {"bnn-eval", {}},
      {"bnn-eval", {"x", "--samples", "0"}},
      {"bnn-eval", {"x", "--seed", "99999999999999999999"}},
      {"bnn-eval", {"x", "--split", "dev"}},
      {"bnn-eval", {"x", "--format", "xml"}},
      {"bnn-eval", {"x", "--files", "a", "--split", "test"}},
      {"bnn-predict", {}},
      {"bnn-predict", {"x"}},
      {"bnn-predict", {"x", "y", "--top-k", "0"}},
      {"bnn-predict", {"x", "y", "--abstain-above", "-1"}},
      {"bnn-predict", {"x", "y", "--abstain-above", "high"}},
      {"bnn-predict", {"x", "y", "--abstain-above", "nan"}},
      {"bnn-predict", {"x", "y", "--abstain-above", "1e400"}},
      {"bnn-predict", {"x", "y", "--format", "xml"}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.program, c.arguments);
    const ProgramRun run = run_program(c.program, c.arguments, {.directory = tiny.path()});
    check_failure(run, c.program, 2);
    CHECK(run.out.empty());
  }
  CHECK(tiny.tree() == before);
}

}  // namespace bnn::testing
