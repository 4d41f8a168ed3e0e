#pragma once
// One system call of a stopped thread: what it is called with, and the file that it means.

#include <array>
#include <cstdint>
#include <string>
#include <sys/types.h>

#include "call_table.h"

namespace bnn::proof {

struct CallSite {
  pid_t thread = 0;
  const Call* call = nullptr;
  std::array<std::uint64_t, 6> arguments = {};
};

/// Of a call that names a descriptor.
int descriptor_of(const CallSite& site);

/// The absolute path that the call means, with no symbolic link resolved but those of descriptors;
/// empty if it names none. Pipes and sockets are "pipe:[…]", as the system names them.
std::string path_of(const CallSite& site);

/// The same of one argument, which is relative to the folder that a descriptor means.
std::string path_at(const CallSite& site, std::size_t argument, int folder);

/// Bytes of the thread's memory; fewer where it has no more.
std::string bytes_at(pid_t thread, std::uint64_t address, std::size_t size);

/// Whether the call is to be counted: a call that opens counts as a change only if it may create or
/// truncate.
bool changes_a_file(const CallSite& site);

}  // namespace bnn::proof
