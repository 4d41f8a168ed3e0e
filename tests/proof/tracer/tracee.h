#pragma once
// A program, with its threads and child processes, that stops at chosen system calls (ptrace(2)).

#include <functional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "call_site.h"

namespace bnn::proof {

/// What is done with a call before it runs.
struct Verdict {
  enum class Kind { run, fail, shorten, kill } kind = Kind::run;
  int error = 0;  // fail: the errno; the call does not run
};

using Judge = std::function<Verdict(const CallSite&)>;

/// Runs the program until it and all that it started have ended. Each call of the list that was
/// made after the program's own code began is shown to `judge`; those of the dynamic loader are
/// not.
/// @returns what a shell would: the exit code, or 128 + the signal that ended the program.
/// Throws std::system_error if it cannot be started.
int run_traced(const std::vector<std::string>& words, const std::vector<const Call*>& calls,
               const Judge& judge);

}  // namespace bnn::proof
