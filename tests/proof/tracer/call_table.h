#pragma once
// The system calls that the tracer knows: where their arguments name a file, and whether they
// change one. Numbers come from <sys/syscall.h>, so the table fits the processor that it is
// compiled for.

#include <span>
#include <string>
#include <vector>

namespace bnn::proof {

/// What an argument of a call names.
enum class Names { nothing, path, path_at, descriptor };

struct Call {
  const char* name;
  long number;
  Names names = Names::nothing;
  /// Of the path or descriptor. With path_at, the folder's descriptor stands before the path.
  int argument = 0;
  /// Whether it changes a file or its name. openat does if its flags create or truncate.
  bool changes_files = false;
  /// The argument with the flags of open, or -1.
  int open_flags = -1;
};

/// All that the tracer knows.
std::span<const Call> call_table();

/// nullptr for a number that is not in the table.
const Call* find_call(long number);

/// Those of a list of names, separated by commas; "changes" are all that change files. Throws
/// std::runtime_error for an unknown name.
std::vector<const Call*> chosen_calls(const std::string& names);

}  // namespace bnn::proof
