#include "bnn/process/mpi_launcher.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fmt/format.h>
#include <string_view>
#include <utility>

namespace bnn {
namespace {

// Launchers and where they say how many processes they start. SLURM_STEP_NUM_TASKS stands last:
// Open MPI's and MPICH's own launchers are tasks of Slurm themselves, one on each host.
constexpr std::array<std::pair<const char*, const char*>, 3> kLaunchers = {{
    {"Open MPI's mpirun", "OMPI_COMM_WORLD_SIZE"},
    {"a launcher of MPICH's kind", "PMI_SIZE"},
    {"srun", "SLURM_STEP_NUM_TASKS"},
}};

int number_in(const Environment& environment, const char* name) {
  const char* text = environment(name);
  return text == nullptr ? 0 : std::atoi(text);
}

}  // namespace

std::optional<std::string> launcher_fault(int processes, const Environment& environment) {
  if (processes != 1) return std::nullopt;
  for (const auto& [launcher, name] : kLaunchers) {
    const int started = number_in(environment, name);
    if (started == 0) continue;
    if (started == 1) return std::nullopt;
    return fmt::format(
        "{} started {} processes, but this program's MPI knows of one: it is built "
        "for another MPI; expected the launcher of that, or a program built with "
        "this MPI's compiler (-DMPI_C_COMPILER)",
        launcher, started);
  }
  return std::nullopt;
}

bool is_started_first(const Environment& environment) {
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID"}) {
    if (environment(name) != nullptr) return number_in(environment, name) == 0;
  }
  return true;
}

std::optional<double> seconds_to_save(const Environment& environment) {
  if (number_in(environment, "OMPI_COMM_WORLD_SIZE") == 0) return std::nullopt;
  const char* timeout = environment("OMPI_MCA_odls_base_sigkill_timeout");
  return timeout == nullptr ? 2.0 : std::max(2.0, std::atof(timeout));
}

std::string slow_step_warning(double seconds) {
  return fmt::format(
      "a step takes longer than a quarter of the {:.0f} s after which Open MPI's "
      "mpirun kills what it asked to stop (SIGTERM, Ctrl-C), so the last checkpoint "
      "may be an older one; training.checkpoint_steps sets how old, kill -USR1 of "
      "mpirun stops without a limit, and --mca odls_base_sigkill_timeout 60 gives "
      "more time",
      seconds);
}

std::optional<std::string> binding_warning(int threads, int usable, int fair) {
  const char* advice = "--bind-to none gives a process all CPUs, --map-by slot:PE=N gives it N";
  if (threads > usable) {
    return fmt::format("{} threads share {} {}, since the launcher bound the process to {}; {}",
                       threads, usable, usable == 1 ? "CPU" : "CPUs", usable == 1 ? "it" : "them",
                       advice);
  }
  if (threads < fair && usable < fair) {
    return fmt::format(
        "a process may use {} of {} CPUs that are there for it, since the launcher "
        "bound it; {}",
        usable, fair, advice);
  }
  return std::nullopt;
}

}  // namespace bnn
