#pragma once
// Temporary files that killed processes left behind.
//
// The writer of a temporary file holds its lock (flock), and the system releases the lock when the
// process dies. A file whose lock is free therefore has no writer any more. This holds if another
// process has the number in its name, across containers, and across hosts if the file system shares
// locks. On a file system without locks nothing is removed. Thread-safe: no state.

#include <string>

namespace bnn {

/// Takes the lock of a temporary file just made. False if somebody took it for a leftover and
/// removes it: make another. True as well where the file system has no locks.
bool claim_temporary(int descriptor);

/// Removes the files STEM and a process number, with or without another number (".a.txt.tmp.17",
/// ".a.txt.tmp.17.2"), of `folder` whose lock is free. What cannot be removed stays.
void remove_leftovers(const std::string& folder, const std::string& stem);

}  // namespace bnn
