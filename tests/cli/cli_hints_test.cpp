// What the programs say to help: typos, missing files, finished runs, names of classes.

#include <filesystem>

#include <catch2/catch.hpp>

#include "support/data_files.h"
#include "support/tiny_run.h"

namespace bnn::testing {

TEST_CASE("an unknown option is answered with the one that it comes closest to") {
  const TinyRun tiny;
  check_failure(tiny.train({"--epoch", "1"}), "bnn-train", 2, "(did you mean --epochs?)");
  check_failure(tiny.train({"--epohcs=1"}), "bnn-train", 2, "(did you mean --epochs?)");
  const ProgramRun far = tiny.train({"--something-else"});
  check_failure(far, "bnn-train", 2, "--something-else");
  CHECK(far.err.find("did you mean") == std::string::npos);
}

TEST_CASE("a missing data file without --data is answered with that option") {
  const TinyRun tiny;
  std::filesystem::rename(tiny.file("train-images"), tiny.file("moved"));
  check_failure(tiny.train({"--out", "run"}), "bnn-train", 4,
                "; --data DIR says where the data files lie");
  const ProgramRun named = tiny.train({"--out", "run", "--data", "."});
  check_failure(named, "bnn-train", 4, "cannot read");
  CHECK(named.err.find("--data DIR") == std::string::npos);
}

TEST_CASE("a finished run that is resumed says that nothing is left, and how to go on") {
  const TrainedRun tiny;
  const std::string before = read_bytes(tiny.last());
  const ProgramRun run = tiny.train_raw({"--resume", "--out", "run"});
  CHECK(run.exit_code == 0);
  CHECK(run.err.find("nothing is left to do: all epochs (2) are trained; --resume --epochs 4 goes "
                     "on\n") != std::string::npos);
  CHECK(read_bytes(tiny.last()) == before);
  Json config = tiny_config();
  config["training"]["learning_rate_schedule"] = {{"type", "cosine"}};
  const TrainedRun bound(config);
  CHECK(bound.train_raw({"--resume", "--out", "run"}).err.find("--init-from") != std::string::npos);
  check_failure(bound.train_raw({"--resume", "--out", "run", "--epochs", "9"}), "bnn-train", 3,
                "/training/epochs differs from the run that is to be continued, whose steps follow "
                "that number; begin another run with --init-from");
  const ProgramRun half = tiny.train({"--out", "half", "--max-steps", "3"});
  CHECK(tiny.train_raw({"--resume", "--out", "half"}).err.find("nothing is left") ==
        std::string::npos);
}

TEST_CASE("names of classes that lie beside CIFAR-style files are taken") {
  const TinyRun tiny(tiny_cifar_config());
  write_text(tiny.file("batches.meta.txt"), "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
  REQUIRE(tiny.train({"--out", "run"}).exit_code == 0);
  CHECK(json_lines(tiny.predict({"test.bin"}).out).at(0).contains("class"));
  write_text(tiny.file("batches.meta.txt"), "a\nb\n");  // fits no network of ten classes
  REQUIRE(tiny.train({"--out", "run", "--overwrite"}).exit_code == 0);
  CHECK_FALSE(json_lines(tiny.predict({"test.bin"}).out).at(0).contains("class"));
}

TEST_CASE("the option --resume-or-start starts a run, continues it, and ends with the same bits") {
  const TinyRun tiny;
  REQUIRE(tiny.train({"--out", "whole"}).exit_code == 0);
  const Words words = {"--out", "run", "--resume-or-start"};
  Words part = words;
  part.insert(part.end(), {"--max-steps", "3"});
  CHECK(tiny.train(part).err.find("resuming") == std::string::npos);
  CHECK(tiny.train(words).err.find("resuming after step 3") != std::string::npos);
  CHECK(read_bytes(tiny.last("run")) == read_bytes(tiny.last("whole")));
  check_failure(tiny.train({"--out", "run", "--resume-or-start", "--overwrite"}), "bnn-train", 2,
                "--overwrite");
}

TEST_CASE("a dense layer that reads very many numbers is answered with global pooling") {
  Json config = tiny_config();
  config["model"]["layers"] = {{{"type", "conv2d_flipout"}, {"filters", 800}, {"kernel_size", 1}},
                               {{"type", "flatten"}},
                               {{"type", "dense_flipout"}, {"name", "wide"}, {"units", 10}}};
  const TinyRun tiny(config);
  CHECK(tiny.train({"--dry-run"}).out.find("layer wide reads 51,200 numbers of each image") !=
        std::string::npos);
}

}  // namespace bnn::testing
