#pragma once
// Temporary files that killed processes left behind.
//
// Whoever writes a temporary file holds its lock (flock), which the system releases when the
// process dies. So a file whose lock is free has no writer any more, whatever process has the
// number in its name today, in whatever container it ran, and on whichever host where the file
// system shares locks. Where a file system has no locks, nothing is removed. Thread-safe: no state.

#include <string>

namespace bnn {

/// Takes the lock of a temporary file just made. False if somebody took it for a leftover and
/// removes it: make another. True as well where the file system has no locks.
bool claim_temporary(int descriptor);

/// Removes the files STEM and a process number, with or without another number (".a.txt.tmp.17",
/// ".a.txt.tmp.17.2"), of `folder` whose lock is free. What cannot be removed stays.
void remove_leftovers(const std::string& folder, const std::string& stem);

}  // namespace bnn
