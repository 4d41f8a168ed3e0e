#include "support/run_program.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "support/places.h"

namespace bnn::testing {
namespace {

constexpr auto kPause = std::chrono::milliseconds(2);

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error("run_program: " + what);
}

void close_end(int& end) {
  if (end >= 0) ::close(end);
  end = -1;
}

std::string program_path(const std::string& program) {
  return program.find('/') == std::string::npos ? bnn::testing::binary_directory() + "/" + program
                                                : program;
}

// Another disposition of a signal while the object lives. Ignored signals stay ignored across exec.
class SignalIgnored {
 public:
  explicit SignalIgnored(int number) : number_(number) {
    struct sigaction action = {};
    action.sa_handler = SIG_IGN;
    sigaction(number, &action, &old_);
  }
  ~SignalIgnored() { sigaction(number_, &old_, nullptr); }
  SignalIgnored(const SignalIgnored&) = delete;
  SignalIgnored& operator=(const SignalIgnored&) = delete;

 private:
  int number_;
  struct sigaction old_ = {};
};

// Appends what is there; false at the end of the stream.
bool read_some(int descriptor, std::string& text) {
  std::array<char, 1 << 16> buffer;
  const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
  if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0 || (count < 0 && errno == EINTR);
}

// Writes what fits; false once everything is written or the reader is gone.
bool write_some(int descriptor, const std::string& text, std::size_t& written) {
  const ssize_t count = ::write(descriptor, text.data() + written, text.size() - written);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  written += static_cast<std::size_t>(count);
  return written < text.size();
}

}  // namespace

// File actions and attributes of posix_spawn, and the program's ends of the pipes.
struct StartedProgram::Setup {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;

  explicit Setup(bool ignore_hangup) {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    sigset_t defaults;
    sigemptyset(&defaults);
    // Whoever runs the tests may ignore signals: nohup does, and shells in the background.
    for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP}) {
      if (number != SIGHUP || !ignore_hangup) sigaddset(&defaults, number);
    }
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  ~Setup() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  Setup(const Setup&) = delete;
  Setup& operator=(const Setup&) = delete;

  // Puts one end of a new pipe in place of descriptor `number` of the program.
  void add_pipe(Pipe& pipe, int number) {
    std::array<int, 2> ends;
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("no pipe");
    pipe = {ends[0], ends[1]};
    posix_spawn_file_actions_adddup2(&actions, number == 0 ? pipe.read_end : pipe.write_end,
                                     number);
  }
  void add_output(StreamEnd end, Pipe& pipe, int number) {
    if (end == StreamEnd::closed) {
      posix_spawn_file_actions_addclose(&actions, number);
    } else if (end == StreamEnd::full_device) {
      posix_spawn_file_actions_addopen(&actions, number, "/dev/full", O_WRONLY, 0);
    } else {
      add_pipe(pipe, number);
      if (end == StreamEnd::broken_pipe) close_end(pipe.read_end);
    }
  }
};

StartedProgram::StartedProgram(const std::string& program,
                               const std::vector<std::string>& arguments,
                               const ProgramOptions& options)
    : options_(options), start_(std::chrono::steady_clock::now()) {
  Setup setup(options.ignore_hangup);
  if (options.close_input) {
    posix_spawn_file_actions_addclose(&setup.actions, 0);
  } else {
    setup.add_pipe(input_, 0);
    ::fcntl(input_.write_end, F_SETFL, O_NONBLOCK);
  }
  setup.add_output(options.output, output_, 1);
  setup.add_output(options.errors, errors_, 2);
  if (!options.directory.empty()) {
    posix_spawn_file_actions_addchdir_np(&setup.actions, options.directory.c_str());
  }
  const std::string path = program_path(program);
  std::vector<std::string> words = {path};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  int error = 0;
  if (options.ignore_hangup) {
    const SignalIgnored hangup(SIGHUP);
    error = posix_spawn(&process_, path.c_str(), &setup.actions, &setup.attributes, argv.data(),
                        environ);
  } else {
    error = posix_spawn(&process_, path.c_str(), &setup.actions, &setup.attributes, argv.data(),
                        environ);
  }
  close_end(input_.read_end);
  close_end(output_.write_end);
  close_end(errors_.write_end);
  if (error != 0) fail("cannot start " + path);
}

StartedProgram::~StartedProgram() {
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  for (Pipe* pipe : {&input_, &output_, &errors_}) {
    close_end(pipe->read_end);
    close_end(pipe->write_end);
  }
}

void StartedProgram::send(int signal) const { ::kill(process_, signal); }

bool StartedProgram::has_timed_out() const {
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
  return passed.count() > options_.timeout_seconds;
}

void StartedProgram::serve_pipes(ProgramRun& run) {
  const SignalIgnored broken_pipe(SIGPIPE);
  std::size_t written = 0;
  if (options_.input.empty()) close_end(input_.write_end);
  while (input_.write_end >= 0 || output_.read_end >= 0 || errors_.read_end >= 0) {
    // A negative descriptor is skipped by poll.
    std::array<pollfd, 3> ends = {pollfd{input_.write_end, POLLOUT, 0},
                                  pollfd{output_.read_end, POLLIN, 0},
                                  pollfd{errors_.read_end, POLLIN, 0}};
    ::poll(ends.data(), ends.size(), 50);
    if (ends[0].revents != 0 && !write_some(input_.write_end, options_.input, written)) {
      close_end(input_.write_end);
    }
    if (ends[1].revents != 0 && !read_some(output_.read_end, run.out)) close_end(output_.read_end);
    if (ends[2].revents != 0 && !read_some(errors_.read_end, run.err)) close_end(errors_.read_end);
    if (has_timed_out()) return;
  }
}

void StartedProgram::reap(ProgramRun& run) {
  int status = 0;
  while (::waitpid(process_, &status, WNOHANG) == 0) {
    if (has_timed_out() && !run.timed_out) {
      run.timed_out = true;
      ::kill(process_, SIGKILL);
    }
    std::this_thread::sleep_for(kPause);
  }
  process_ = -1;
  run.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

ProgramRun StartedProgram::wait() {
  ProgramRun run;
  serve_pipes(run);
  reap(run);
  run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  return run;
}

ProgramRun run_program(const std::string& program, const std::vector<std::string>& arguments,
                       const ProgramOptions& options) {
  return StartedProgram(program, arguments, options).wait();
}

}  // namespace bnn::testing
