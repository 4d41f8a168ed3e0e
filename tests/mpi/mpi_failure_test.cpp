// How bnn-train-mpi ends: one sentence, the documented code, and a checkpoint to go on from.

#include <csignal>

#include <catch2/catch.hpp>

#include "bnn/checkpoint/checkpoint.h"
#include "mpi/mpi_fixture.h"

namespace bnn::testing {
namespace {

// Long enough to be stopped in the middle, with a checkpoint in every epoch.
Json long_config() {
  Json config = tiny_config();
  config["training"]["epochs"] = 400;
  config["training"]["checkpoint_steps"] = 2;
  return config;
}

StartedProgram start(const TinyRun& tiny, int ranks, const Words& arguments) {
  allow_many_ranks();
  return StartedProgram(BNN_MPIEXEC, tiny_words(ranks, arguments), {.directory = tiny.path()});
}

void check_refused(const ProgramRun& run, int code, const std::string& part) {
  INFO(run.err);
  CHECK(run.exit_code == code);
  const std::vector<std::string> lines = error_lines(run);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].starts_with("bnn-train-mpi: error: "));
  CHECK(lines[0].find(part) != std::string::npos);
}

}  // namespace

TEST_CASE("what all ranks see wrong is said once") {
  const TinyRun tiny;
  check_refused(train_with_mpi(tiny, 3, {"--out", "run"}), 2, "found 3 processes");
  check_refused(train_with_mpi(tiny, 2, {"--out", "run", "--outt", "x"}), 2, "--outt");
  check_refused(train_with_mpi(tiny, 2, {"--out", "run", "--data", "nowhere"}), 4, "nowhere");
  check_refused(train_with_mpi(tiny, 4, {"--out", "run", "--set", "training.shards=3"}), 3,
                "/training/shards: 3 shards can be split over 1 or 2 processes, found 4");
  check_refused(train_with_mpi(tiny, 2, {"--out", "run", "--resume"}), 5, "run");
  allow_many_ranks();
  check_refused(
      run_program(BNN_MPIEXEC, mpi_words(2, {"--init", "nowhere"}), {.directory = tiny.path()}), 4,
      "nowhere");
  check_refused(train_with_mpi(tiny, 2,
                               {"--out", "run", "--set",
                                R"(training.optimizer={"type": "sgd",
                                            "learning_rate": 1000000})"}),
                7, "the gradient has a norm");
}

TEST_CASE("a program of another MPI than the launcher's is refused") {
  allow_many_ranks();
  const TinyRun tiny;
  const ProgramRun run =
      run_program("/usr/bin/env",
                  {"PMI_SIZE=2", binary_directory() + "/bnn-train-mpi", "--config", "tiny.json"},
                  {.directory = tiny.path()});
  check_refused(run, 2, "built for another MPI");
}

TEST_CASE("what differs between ranks is named") {
  allow_many_ranks();
  const TinyRun tiny;
  Words words = tiny_words(1, {"--out", "run"});
  words.push_back(":");
  const Words others = tiny_words(1, {"--out", "run", "--max-steps", "3"});
  words.insert(words.end(), others.begin(), others.end());
  check_refused(run_program(BNN_MPIEXEC, words, {.directory = tiny.path()}), 3, "the options");
  words.resize(words.size() - 2);
  words.push_back("--dry-run");
  check_refused(run_program(BNN_MPIEXEC, words, {.directory = tiny.path()}), 3, "--dry-run");
}

TEST_CASE("SIGUSR1 stops all ranks after the same step with a checkpoint") {
  const TinyRun tiny(long_config());
  StartedProgram program = start(tiny, 4, {"--out", "run"});
  REQUIRE(wait_for_lines(tiny, "run", 6));
  program.send(SIGUSR1);
  const ProgramRun run = program.wait();
  INFO(run.err);
  CHECK(run.exit_code == 128 + SIGUSR1);
  CHECK(run.err.find("stopped by a signal; --resume continues") != std::string::npos);
  // A signal at the end of an epoch stops before the validation, which --max-steps does first.
  const std::string later = std::to_string(load_checkpoint(tiny.last()).state.step + 3);
  REQUIRE(tiny.train({"--out", "run", "--resume", "--max-steps", later}).exit_code == 0);
  REQUIRE(tiny.train({"--out", "whole", "--max-steps", later}).exit_code == 0);
  CHECK(run_bytes(tiny, "run") == run_bytes(tiny, "whole"));
}

TEST_CASE(
    "after a SIGKILL of a rank all end, and other numbers of ranks go on with the same bits") {
  Json config = long_config();
  config["training"]["epochs"] = 60;
  const TinyRun tiny(config);
  REQUIRE(tiny.train({"--out", "whole"}).exit_code == 0);
  const int ranks[] = {2, 8, 4, 2, 4};
  for (std::size_t i = 0; i < std::size(ranks); ++i) {
    StartedProgram program = start(tiny, ranks[i], {"--out", "run", "--resume-or-start"});
    REQUIRE(wait_for_lines(tiny, "run", 8 * (i + 1)));
    const std::vector<pid_t> processes = rank_processes(program.process());
    REQUIRE(processes.size() == static_cast<std::size_t>(ranks[i]));
    const auto killed = std::chrono::steady_clock::now();
    kill(processes[(3 * i) % processes.size()], SIGKILL);
    CHECK(program.wait().exit_code != 0);
    CHECK(std::chrono::steady_clock::now() - killed < std::chrono::seconds(20));
    for (const pid_t process : processes) CHECK(has_ended(process));
  }
  const ProgramRun rest = train_with_mpi(tiny, 1, {"--out", "run", "--resume"});
  INFO(rest.err);
  REQUIRE(rest.exit_code == 0);
  CHECK(run_bytes(tiny, "run") == run_bytes(tiny, "whole"));
}

TEST_CASE("a rank that hangs is named, and after the limit the run ends with code 70") {
  const TinyRun tiny(long_config());
  StartedProgram program = start(tiny, 4, {"--out", "run", "--stall-limit", "5"});
  REQUIRE(wait_for_lines(tiny, "run", 4));
  const std::vector<pid_t> processes = rank_processes(program.process());
  REQUIRE(processes.size() == 4);
  kill(processes[2], SIGSTOP);
  const ProgramRun run = program.wait();
  kill(processes[2], SIGCONT);
  INFO(run.err);
  CHECK(run.exit_code == 70);
  const std::vector<std::string> lines = error_lines(run);
  REQUIRE(lines.size() == 2);
  // In a step, or in saving or validating, which may last ten times as long.
  CHECK(lines[0].find(" waits for ") != std::string::npos);
  CHECK(lines[1].find(" waited for ") != std::string::npos);
  for (const std::string& line : lines) {
    CHECK(line.find("no sign of: rank ") != std::string::npos);
    CHECK(line.find(", rank") == std::string::npos);  // it names one rank
  }
}

}  // namespace bnn::testing
