#include "bnn/process/mpi_launcher.h"

#include <map>

#include <catch2/catch.hpp>

namespace bnn::testing {
namespace {

Environment environment_of(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
}

bool is_refused(int processes, const std::map<std::string, std::string>& variables) {
  return launcher_fault(processes, environment_of(variables)).has_value();
}

}  // namespace

TEST_CASE("a launcher of another MPI is recognised by what it says in the environment") {
  CHECK(is_refused(1, {{"OMPI_COMM_WORLD_SIZE", "4"}}));
  CHECK(is_refused(1, {{"PMI_SIZE", "2"}}));
  CHECK(is_refused(1, {{"SLURM_STEP_NUM_TASKS", "8"}}));
  CHECK_FALSE(is_refused(1, {}));
  CHECK_FALSE(is_refused(4, {{"OMPI_COMM_WORLD_SIZE", "4"}}));
  CHECK_FALSE(is_refused(1, {{"OMPI_COMM_WORLD_SIZE", "1"}}));
  // mpirun under Slurm starts itself as a task on each host.
  CHECK_FALSE(is_refused(1, {{"OMPI_COMM_WORLD_SIZE", "1"}, {"SLURM_STEP_NUM_TASKS", "2"}}));
  CHECK_FALSE(is_refused(8, {{"OMPI_COMM_WORLD_SIZE", "8"}, {"SLURM_STEP_NUM_TASKS", "2"}}));
}

TEST_CASE("the first process knows that it is, before MPI is there") {
  const auto is_first = [](const std::map<std::string, std::string>& variables) {
    return is_started_first(environment_of(variables));
  };
  CHECK(is_first({}));
  CHECK(is_first({{"OMPI_COMM_WORLD_RANK", "0"}, {"SLURM_PROCID", "1"}}));
  CHECK_FALSE(is_first({{"OMPI_COMM_WORLD_RANK", "2"}}));
  CHECK_FALSE(is_first({{"PMI_RANK", "1"}}));
  CHECK_FALSE(is_first({{"SLURM_PROCID", "3"}}));
}

TEST_CASE("Open MPI's launcher leaves two seconds to save, or what it was told") {
  const auto seconds = [](const std::map<std::string, std::string>& variables) {
    return seconds_to_save(environment_of(variables));
  };
  CHECK(seconds({{"OMPI_COMM_WORLD_SIZE", "2"}}) == 2.0);
  CHECK(seconds({{"OMPI_COMM_WORLD_SIZE", "2"}, {"OMPI_MCA_odls_base_sigkill_timeout", "60"}}) ==
        60.0);
  CHECK_FALSE(seconds({{"PMI_SIZE", "2"}}));
}

TEST_CASE("too few CPUs for the threads, or fewer than are there, are worth a warning") {
  CHECK(binding_warning(8, 1, 8)->find("8 threads share 1 CPU") != std::string::npos);
  CHECK(binding_warning(1, 1, 8)->find("1 of 8 CPUs") != std::string::npos);
  CHECK_FALSE(binding_warning(8, 8, 8));
  CHECK_FALSE(binding_warning(2, 8, 2));
  CHECK_FALSE(binding_warning(1, 8, 8));
}

}  // namespace bnn::testing
