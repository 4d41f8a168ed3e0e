// The scripts of configs/jobs, as job arrays and GNU parallel run them.

#include <cstdlib>

#include <catch2/catch.hpp>

#include "support/places.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

std::string script(const std::string& name) { return source_directory() + "/configs/jobs/" + name; }

ProgramRun run_script(const TinyRun& tiny, const std::string& words) {
  return run_program("/bin/sh", {"-c", "PATH=" + binary_directory() + ":$PATH " + words},
                     {.directory = tiny.path()});
}

}  // namespace

TEST_CASE("the job array trains and evaluates an ensemble") {
  const TinyRun tiny;
  for (const char* seed : {"0", "1"}) {
    // A task that is queued again has nothing left to do.
    for (int queued = 0; queued < 2; ++queued) {
      const ProgramRun run = run_script(tiny, "SLURM_ARRAY_TASK_ID=" + std::string(seed) + " " +
                                                  script("seeds.sbatch") + " tiny.json . runs");
      INFO(run.err);
      REQUIRE(run.exit_code == 0);
    }
  }
  for (const char* task : {"1", "2", "3"}) {
    const ProgramRun run = run_script(tiny, "SLURM_ARRAY_TASK_ID=" + std::string(task) + " " +
                                                script("evaluate.sbatch") + " . runs 3");
    INFO(run.err);
    REQUIRE(run.exit_code == 0);
  }
  const ProgramRun merged = run_script(tiny, "bnn-eval --merge runs/*.part");
  CHECK(merged.exit_code == 0);
  CHECK(merged.out == run_script(tiny, "bnn-eval runs/seed-*/checkpoints/last.safetensors").out);
}

TEST_CASE("the sweep with GNU parallel ends in a table and two ensembles") {
  if (std::system("parallel --version >/dev/null 2>&1") != 0) {
    WARN("GNU parallel is not installed");
    return;
  }
  const TinyRun tiny;
  const ProgramRun run = run_script(tiny, script("sweep.sh") + " tiny.json . runs");
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  for (const char* part : {"rate-0.001-seed-0", "rate-0.003-seed-2",
                           "Three seeds of learning rate 0.003 as an ensemble:", "3 networks"}) {
    CAPTURE(part);
    CHECK(run.out.find(part) != std::string::npos);
  }
}

}  // namespace bnn::testing
