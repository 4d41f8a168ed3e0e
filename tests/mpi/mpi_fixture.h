#pragma once
// Runs bnn-train-mpi under the launcher of the MPI that it was built with, all ranks on this host.

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "support/json_document.h"
#include "support/places.h"
#include "support/tiny_run.h"

namespace bnn::testing {

/// What mpirun asks for where it starts more ranks than there are CPUs, or as root.
inline void allow_many_ranks() {
  setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
  setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
  setenv("OMPI_MCA_rmaps_base_oversubscribe", "1", 1);
  setenv("ASAN_OPTIONS", "detect_leaks=0", 1);  // of the MPI library
}

inline Words mpi_words(int ranks, const Words& arguments) {
  Words words = {"-np", std::to_string(ranks), binary_directory() + "/bnn-train-mpi"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

/// bnn-train-mpi --config tiny.json --threads 1, and these arguments, in the run's folder.
inline Words tiny_words(int ranks, const Words& arguments) {
  Words words = mpi_words(ranks, {"--config", "tiny.json", "--threads", "1"});
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

inline ProgramRun train_with_mpi(const TinyRun& tiny, int ranks, const Words& arguments) {
  allow_many_ranks();
  return run_program(BNN_MPIEXEC, tiny_words(ranks, arguments), {.directory = tiny.path()});
}

/// Checkpoints, and lines of metrics without what depends on the clock.
inline std::vector<std::string> run_bytes(const TinyRun& tiny, const std::string& out) {
  std::vector<std::string> bytes = timeless_metrics(tiny.read(out + "/metrics.jsonl"));
  bytes.push_back(read_bytes(tiny.last(out)));
  const std::string best = out + "/checkpoints/best.safetensors";
  if (std::filesystem::exists(tiny.file(best))) bytes.push_back(tiny.read(best));
  return bytes;
}

/// The sentences of a run's stderr that begin as errors of the program do.
inline std::vector<std::string> error_lines(const ProgramRun& run) {
  std::vector<std::string> lines;
  std::istringstream text(run.err);
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("bnn-train-mpi: ")) lines.push_back(line);
  }
  return lines;
}

struct ProcessState {
  bool is_running = false;
  pid_t parent = 0;
};

/// Of a process, which may not exist.
inline ProcessState state_of(const std::string& process) {
  std::ifstream file("/proc/" + process + "/stat");
  std::string text, letter;
  if (!std::getline(file, text)) return {};
  std::istringstream rest(text.substr(text.rfind(')') + 2));
  ProcessState state;
  rest >> letter >> state.parent;
  state.is_running = letter != "Z" && letter != "X";
  return state;
}

/// Whether the process has ended, or does so within seconds.
inline bool has_ended(pid_t process) {
  for (int i = 0; i < 500; ++i) {
    if (!state_of(std::to_string(process)).is_running) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

/// The processes that a process started, and those that they started.
inline std::vector<pid_t> descendants(pid_t parent) {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    const ProcessState state = state_of(name);
    if (!state.is_running || state.parent != parent) continue;
    const auto process = static_cast<pid_t>(std::stol(name));
    found.push_back(process);
    for (const pid_t further : descendants(process)) found.push_back(further);
  }
  return found;
}

/// The ranks that a launcher started.
inline std::vector<pid_t> rank_processes(pid_t launcher) {
  std::vector<pid_t> ranks;
  for (const pid_t process : descendants(launcher)) {
    std::error_code error;
    const auto program =
        std::filesystem::read_symlink("/proc/" + std::to_string(process) + "/exe", error);
    if (!error && program.filename() == "bnn-train-mpi") ranks.push_back(process);
  }
  return ranks;
}

/// Waits until a run has written so many lines of metrics; false after half a minute.
inline bool wait_for_lines(const TinyRun& tiny, const std::string& out, std::size_t lines) {
  for (int i = 0; i < 3000; ++i) {
    std::ifstream file(tiny.file(out + "/metrics.jsonl"));
    std::size_t found = 0;
    for (std::string line; std::getline(file, line);) ++found;
    if (found >= lines) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

}  // namespace bnn::testing
