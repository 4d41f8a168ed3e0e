#include "batches.h"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <new>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bnn::proof {
namespace {

constexpr std::size_t kShown = 20;     // findings
constexpr unsigned kMostSeconds = 60;  // of one mutant, on a busy machine
constexpr rlim_t kMostMemory = rlim_t{3} << 30u;

// What a child says; in memory that it shares with its parent, so that it outlives the child.
struct Report {
  std::uint64_t at, tried, found;
  std::array<std::uint64_t, 4> ends;
  std::size_t shown;
  struct {
    std::uint64_t number;
    std::array<char, 700> wrong;
  } findings[kShown];

  void add(std::uint64_t number, const Verdict& verdict) {
    ++tried;
    ++ends[static_cast<std::size_t>(verdict.end)];
    if (verdict.wrong.empty()) return;
    ++found;
    if (shown == kShown) return;
    auto& finding = findings[shown++];
    finding.number = number;
    std::strncpy(finding.wrong.data(), verdict.wrong.c_str(), finding.wrong.size() - 1);
  }
};

[[noreturn]] void work(const Numbers& numbers, Report& report,
                       const std::function<Verdict(std::uint64_t)>& judge) {
#ifndef __SANITIZE_ADDRESS__  // which reserves terabytes
  const rlimit memory = {kMostMemory, kMostMemory};
  setrlimit(RLIMIT_AS, &memory);
#endif
  for (report.at = numbers.first; report.at < numbers.end; report.at += numbers.step) {
    alarm(kMostSeconds);
    report.add(report.at, judge(report.at));
  }
  _exit(0);
}

}  // namespace

Counts run_in_batches(const Numbers& numbers, const std::function<Verdict(std::uint64_t)>& judge) {
  void* memory =
      mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  Report& report = *new (memory) Report{};
  Numbers rest = numbers;
  while (rest.first < rest.end) {
    const pid_t child = fork();
    if (child < 0) throw std::runtime_error("no process can be started");
    if (child == 0) work(rest, report, judge);
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) break;
    const std::string how = WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                                                : fmt::format("exit code {}", WEXITSTATUS(status));
    report.add(report.at, {End::accepted, "ended the process: " + how});
    rest.first = report.at + rest.step;
  }
  Counts counts{report.tried, report.found, report.ends, {}};
  for (std::size_t i = 0; i < report.shown; ++i) {
    counts.findings.push_back({report.findings[i].number, report.findings[i].wrong.data()});
  }
  munmap(memory, sizeof(Report));
  return counts;
}

}  // namespace bnn::proof
