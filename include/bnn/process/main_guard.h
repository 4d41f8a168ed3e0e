#pragma once
// What surrounds the work of each program: safe descriptors and signals before it, one line and an
// exit code after it if it fails.

#include <functional>
#include <string>

namespace bnn {

/// Runs `work` and returns the exit code. Before: descriptors 0 to 2 that are closed become
/// /dev/null, because a file that gets such a number would receive log lines; SIGPIPE and SIGXFSZ
/// are ignored, so that writes fail instead. After: standard output is flushed and checked; an
/// Error becomes "PROGRAM: error: …" on stderr, one printable line, and its kind's exit code.
int guarded_main(const std::string& program, const std::function<int()>& work);

}  // namespace bnn
