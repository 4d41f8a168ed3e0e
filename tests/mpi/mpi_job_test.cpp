// configs/jobs/mpi.sbatch, with a launcher and a queue that look like Slurm's.

#include <csignal>
#include <filesystem>

#include <catch2/catch.hpp>

#include "bnn/checkpoint/checkpoint.h"
#include "mpi/mpi_fixture.h"
#include "support/data_files.h"

namespace bnn::testing {
namespace {

void write_script(const std::string& path, const std::string& text) {
  write_text(path, "#!/bin/sh\n" + text);
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
}

// srun sends SIGUSR1 after a second where the file "short" is there, as at the end of a job's time.
const std::string kSrun = R"(shift 2
if [ -e short ]; then
  )" + std::string(BNN_MPIEXEC) +
                          R"( -np 2 "$@" &
  sleep 1.5; kill -USR1 $!; wait $!
else
  exec )" + std::string(BNN_MPIEXEC) +
                          R"( -np 4 "$@"
fi
)";

}  // namespace

TEST_CASE("the job for several processes queues itself again until the run is done") {
  allow_many_ranks();
  Json config = tiny_config();
  config["training"]["epochs"] = 20000;
  const TinyRun tiny(config);
  std::filesystem::create_directory(tiny.file("bin"));
  write_script(tiny.file("bin/srun"), kSrun);
  write_script(tiny.file("bin/scontrol"), "echo \"$@\" > queued\n");
  const auto run_job = [&] {
    return run_program("/bin/sh",
                       {"-c", "PATH=$PWD/bin:" + binary_directory() + ":$PATH SLURM_JOB_ID=17 " +
                                  source_directory() + "/configs/jobs/mpi.sbatch tiny.json . run"},
                       {.directory = tiny.path()});
  };
  write_text(tiny.file("short"), "");
  const ProgramRun first = run_job();
  INFO(first.err);
  CHECK(first.exit_code == 0);
  CHECK(tiny.read("queued") == "requeue 17\n");
  std::filesystem::remove(tiny.file("short"));
  std::filesystem::remove(tiny.file("queued"));
  // Another epoch is enough to see that it goes on.
  const std::uint64_t epochs = load_checkpoint(tiny.last()).state.epoch + 2;
  config["training"]["epochs"] = epochs;
  tiny.write_config(config);
  const ProgramRun second = run_job();
  INFO(second.err);
  CHECK(second.exit_code == 0);
  CHECK(second.err.find("resuming after step") != std::string::npos);
  CHECK(load_checkpoint(tiny.last()).state.epoch == epochs);
  CHECK_FALSE(std::filesystem::exists(tiny.file("queued")));
}

}  // namespace bnn::testing
