#pragma once
// Runs the programs as a user's shell does: own process, pipes, exit code, signals.
//
// Output is captured through pipes unless a test asks for another end. A program that outlives its
// time limit is killed and marked `timed_out`; one that a signal ended has exit_code = -signal.

#include <chrono>
#include <string>
#include <sys/types.h>
#include <vector>

namespace bnn::testing {

/// What a descriptor of the program leads to.
enum class StreamEnd {
  captured,     // a pipe that the test reads to its end
  closed,       // nothing: `program >&-`
  broken_pipe,  // a pipe whose reader is gone: `program | true`
  full_device,  // /dev/full, where every write fails with ENOSPC
};

struct ProgramOptions {
  std::string directory = {};  // working directory; empty: the test's own
  std::string input = {};      // bytes on standard input, through a pipe
  bool close_input = false;    // `program <&-`
  StreamEnd output = StreamEnd::captured;
  StreamEnd errors = StreamEnd::captured;
  bool ignore_hangup = false;  // as under nohup
  double timeout_seconds = 60;
};

struct ProgramRun {
  int exit_code = 0;
  bool timed_out = false;
  std::string out;
  std::string err;
  double seconds = 0;
};

/// A program that is running. The destructor kills it if it still is.
class StartedProgram {
 public:
  /// @param program the name of one of the project's programs, "bnn-train", or a path
  StartedProgram(const std::string& program, const std::vector<std::string>& arguments,
                 const ProgramOptions& options = {});
  ~StartedProgram();
  StartedProgram(const StartedProgram&) = delete;
  StartedProgram& operator=(const StartedProgram&) = delete;

  pid_t process() const { return process_; }
  void send(int signal) const;
  /// Serves the pipes until the program has ended. Call once.
  ProgramRun wait();

 private:
  struct Pipe {
    int read_end = -1;
    int write_end = -1;
  };
  struct Setup;

  void serve_pipes(ProgramRun& run);
  bool has_timed_out() const;
  void reap(ProgramRun& run);

  ProgramOptions options_;
  Pipe input_, output_, errors_;
  pid_t process_ = -1;
  std::chrono::steady_clock::time_point start_;
};

ProgramRun run_program(const std::string& program, const std::vector<std::string>& arguments,
                       const ProgramOptions& options = {});

}  // namespace bnn::testing
