#include "call_table.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <stdexcept>
#include <sys/syscall.h>

namespace bnn::proof {
namespace {

constexpr auto kPath = Names::path, kPathAt = Names::path_at, kDescriptor = Names::descriptor;

// Processors of later design, such as 64-bit ARM, have the …at calls alone.
const std::vector<Call>& calls() {
  static const std::vector<Call> table = {
#ifdef SYS_open
      {"open", SYS_open, kPath, 0, true, 1},
      {"creat", SYS_creat, kPath, 0, true},
      {"rename", SYS_rename, kPath, 1, true},
      {"link", SYS_link, kPath, 1, true},
      {"symlink", SYS_symlink, kPath, 1, true},
      {"unlink", SYS_unlink, kPath, 0, true},
      {"mkdir", SYS_mkdir, kPath, 0, true},
      {"rmdir", SYS_rmdir, kPath, 0, true},
      {"chmod", SYS_chmod, kPath, 0, true},
      {"stat", SYS_stat, kPath, 0},
      {"lstat", SYS_lstat, kPath, 0},
      {"access", SYS_access, kPath, 0},
      {"readlink", SYS_readlink, kPath, 0},
      {"pipe", SYS_pipe},
      {"fork", SYS_fork},
#endif
#ifdef SYS_renameat
      {"renameat", SYS_renameat, kPathAt, 3, true},
#endif
      {"openat", SYS_openat, kPathAt, 1, true, 2},
      {"renameat2", SYS_renameat2, kPathAt, 3, true},
      {"linkat", SYS_linkat, kPathAt, 3, true},
      {"symlinkat", SYS_symlinkat, kPathAt, 2, true},
      {"unlinkat", SYS_unlinkat, kPathAt, 1, true},
      {"mkdirat", SYS_mkdirat, kPathAt, 1, true},
      {"fchmodat", SYS_fchmodat, kPathAt, 1, true},
      {"truncate", SYS_truncate, kPath, 0, true},
      {"write", SYS_write, kDescriptor, 0, true},
      {"writev", SYS_writev, kDescriptor, 0, true},
      {"pwrite64", SYS_pwrite64, kDescriptor, 0, true},
      {"pwritev", SYS_pwritev, kDescriptor, 0, true},
      {"ftruncate", SYS_ftruncate, kDescriptor, 0, true},
      {"fallocate", SYS_fallocate, kDescriptor, 0, true},
      {"fsync", SYS_fsync, kDescriptor, 0, true},
      {"fdatasync", SYS_fdatasync, kDescriptor, 0, true},
      {"sync_file_range", SYS_sync_file_range, kDescriptor, 0, true},
      {"fchmod", SYS_fchmod, kDescriptor, 0, true},
      {"copy_file_range", SYS_copy_file_range, kDescriptor, 2, true},
      {"sendfile", SYS_sendfile, kDescriptor, 0, true},
      {"flock", SYS_flock, kDescriptor, 0, true},
      {"close", SYS_close, kDescriptor, 0},
      {"read", SYS_read, kDescriptor, 0},
      {"readv", SYS_readv, kDescriptor, 0},
      {"pread64", SYS_pread64, kDescriptor, 0},
      {"lseek", SYS_lseek, kDescriptor, 0},
      {"fstat", SYS_fstat, kDescriptor, 0},
      {"fcntl", SYS_fcntl, kDescriptor, 0},
      {"dup", SYS_dup, kDescriptor, 0},
      {"dup3", SYS_dup3, kDescriptor, 0},
      {"getdents64", SYS_getdents64, kDescriptor, 0},
      {"newfstatat", SYS_newfstatat, kPathAt, 1},
      {"statx", SYS_statx, kPathAt, 1},
      {"faccessat", SYS_faccessat, kPathAt, 1},
      {"readlinkat", SYS_readlinkat, kPathAt, 1},
      {"statfs", SYS_statfs, kPath, 0},
      {"fstatfs", SYS_fstatfs, kDescriptor, 0},
      {"pipe2", SYS_pipe2},
      {"mmap", SYS_mmap},
      {"munmap", SYS_munmap},
      {"mremap", SYS_mremap},
      {"mprotect", SYS_mprotect},
      {"madvise", SYS_madvise},
      {"msync", SYS_msync},
      {"brk", SYS_brk},
      {"clone", SYS_clone},
      {"clone3", SYS_clone3},
      {"getrandom", SYS_getrandom},
      {"uname", SYS_uname},
      {"sysinfo", SYS_sysinfo},
      {"prlimit64", SYS_prlimit64},
      {"sched_getaffinity", SYS_sched_getaffinity},
      {"sched_setaffinity", SYS_sched_setaffinity},
      {"getcwd", SYS_getcwd},
      {"chdir", SYS_chdir, kPath, 0},
      {"rt_sigaction", SYS_rt_sigaction},
      {"rt_sigprocmask", SYS_rt_sigprocmask},
      {"ioctl", SYS_ioctl, kDescriptor, 0},
      {"poll", SYS_ppoll},
      {"clock_nanosleep", SYS_clock_nanosleep},
      {"getpid", SYS_getpid},
      {"wait4", SYS_wait4},
  };
  return table;
}

}  // namespace

std::span<const Call> call_table() { return calls(); }

const Call* find_call(long number) {
  const auto found = std::find_if(calls().begin(), calls().end(),
                                  [&](const Call& call) { return call.number == number; });
  return found == calls().end() ? nullptr : &*found;
}

std::vector<const Call*> chosen_calls(const std::string& names) {
  std::vector<const Call*> chosen;
  std::istringstream list(names);
  for (std::string name; std::getline(list, name, ',');) {
    const std::size_t before = chosen.size();
    for (const Call& call : calls()) {
      const bool is_meant = name == "changes" ? call.changes_files : name == call.name;
      if (is_meant || name == "all") chosen.push_back(&call);
    }
    if (chosen.size() == before) {
      throw std::runtime_error("--calls: the tracer knows no system call '" + name + "'");
    }
  }
  return chosen;
}

}  // namespace bnn::proof
