#include "tracee.h"

#include <cerrno>
#include <elf.h>
#include <fstream>
#include <map>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

#include "call_filter.h"

namespace bnn::proof {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

struct Range {
  std::uint64_t begin = 0, end = 0;
};

// Where the dynamic loader lies in a process; empty if it has none.
Range loader_of(pid_t process) {
  const std::string folder = "/proc/" + std::to_string(process);
  std::ifstream auxiliary(folder + "/auxv", std::ios::binary);
  std::uint64_t base = 0;
  for (std::uint64_t entry[2]; auxiliary.read(reinterpret_cast<char*>(entry), sizeof entry);) {
    if (entry[0] == AT_BASE) base = entry[1];
  }
  Range range{base, base};
  std::ifstream maps(folder + "/maps");
  for (std::string line; base != 0 && std::getline(maps, line);) {
    std::uint64_t begin = 0, end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx", &begin, &end) != 2) continue;
    if (begin == range.end) range.end = end;
  }
  return range;
}

// Registers of a thread that stands before a system call.
class Registers {
 public:
  explicit Registers(pid_t thread) : thread_(thread) {
    iovec area{&values_, sizeof values_};
    if (ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &area) != 0) fail("PTRACE_GETREGSET");
  }

  // The call does not run, and its result is that of an error.
  void skip_with(int error) {
    const auto result = static_cast<unsigned long long>(-static_cast<long long>(error));
#if defined(__x86_64__)
    values_.orig_rax = ~0ULL;
    values_.rax = result;
#elif defined(__aarch64__)
    int no_call = -1;
    iovec area{&no_call, sizeof no_call};
    if (ptrace(PTRACE_SETREGSET, thread_, NT_ARM_SYSTEM_CALL, &area) != 0)
      fail("NT_ARM_SYSTEM_CALL");
    values_.regs[0] = result;
#endif
    store();
  }

  // The third argument, a number of bytes, becomes half of it.
  void halve_size() {
#if defined(__x86_64__)
    values_.rdx = values_.rdx > 1 ? values_.rdx / 2 : values_.rdx;
#elif defined(__aarch64__)
    values_.regs[2] = values_.regs[2] > 1 ? values_.regs[2] / 2 : values_.regs[2];
#endif
    store();
  }

 private:
  void store() {
    iovec area{&values_, sizeof values_};
    if (ptrace(PTRACE_SETREGSET, thread_, NT_PRSTATUS, &area) != 0) fail("PTRACE_SETREGSET");
  }

  pid_t thread_;
  user_regs_struct values_ = {};
};

// Waits for its tracer, then becomes the program.
[[noreturn]] void become(const std::vector<std::string>& words,
                         const std::vector<const Call*>& calls) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  raise(SIGSTOP);
  if (stop_at_calls(calls)) execvp(arguments[0], arguments.data());
  _exit(127);
}

class Tracee {
 public:
  Tracee(pid_t process, const Judge& judge) : process_(process), judge_(judge) {}

  // Until nothing is left of it.
  int follow() {
    int status = 0;
    for (pid_t thread = 0; (thread = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR;) {
      if (thread <= 0) continue;
      if (WIFSTOPPED(status)) {
        go_on(thread, status);
      } else if (thread == process_) {
        result_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      }
    }
    return result_;
  }

 private:
  void go_on(pid_t thread, int status) {
    const int signal = WSTOPSIG(status), event = status >> 16;
    switch (event) {
      case PTRACE_EVENT_SECCOMP:
        judge(thread);
        ptrace(PTRACE_CONT, thread, 0, 0);
        return;
      case PTRACE_EVENT_EXEC:
        loaders_[thread] = loader_of(thread);
        ptrace(PTRACE_CONT, thread, 0, 0);
        return;
      case PTRACE_EVENT_STOP:
        // A new thread, or a process that a signal such as SIGSTOP has stopped and that stays so.
        ptrace(signal == SIGTRAP ? PTRACE_CONT : PTRACE_LISTEN, thread, 0, 0);
        return;
      case 0:
        ptrace(PTRACE_CONT, thread, 0, signal);  // which it gets
        return;
      default:
        ptrace(PTRACE_CONT, thread, 0, 0);
    }
  }

  void judge(pid_t thread) {
    __ptrace_syscall_info info = {};
    if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) <= 0) return;  // it was killed
    CallSite site{thread, find_call(static_cast<long>(info.seccomp.nr)), {}};
    std::copy(std::begin(info.seccomp.args), std::end(info.seccomp.args), site.arguments.begin());
    if (site.call == nullptr || is_loader(thread, info.instruction_pointer)) return;
    const Verdict verdict = judge_(site);
    switch (verdict.kind) {
      case Verdict::Kind::run:
        return;
      case Verdict::Kind::fail:
        return Registers(thread).skip_with(verdict.error);
      case Verdict::Kind::shorten:
        return Registers(thread).halve_size();
      case Verdict::Kind::kill:
        kill(group_of(thread), SIGKILL);
    }
  }

  bool is_loader(pid_t thread, std::uint64_t instruction) {
    const pid_t group = group_of(thread);
    if (!loaders_.contains(group)) loaders_[group] = loader_of(group);  // of a fork
    const Range range = loaders_[group];
    return range.begin <= instruction && instruction < range.end;
  }

  static pid_t group_of(pid_t thread) {
    std::ifstream status("/proc/" + std::to_string(thread) + "/status");
    for (std::string word; status >> word;) {
      if (word != "Tgid:") continue;
      pid_t group = 0;
      return status >> group ? group : thread;
    }
    return thread;
  }

  pid_t process_;
  const Judge& judge_;
  std::map<pid_t, Range> loaders_;  // of processes
  int result_ = 0;
};

}  // namespace

int run_traced(const std::vector<std::string>& words, const std::vector<const Call*>& calls,
               const Judge& judge) {
  const pid_t process = fork();
  if (process < 0) fail("fork");
  if (process == 0) become(words, calls);
  int status = 0;
  if (waitpid(process, &status, WUNTRACED) != process || !WIFSTOPPED(status)) fail("waitpid");
  constexpr long kOptions = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                            PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
  if (ptrace(PTRACE_SEIZE, process, 0, kOptions) != 0) {
    const int error = errno;
    kill(process, SIGKILL);
    throw std::system_error(error, std::generic_category(), "the system does not let it trace");
  }
  kill(process, SIGCONT);
  return Tracee(process, judge).follow();
}

}  // namespace bnn::proof
