#pragma once
// What the launcher of an MPI program says in the environment, and what follows from it.

#include <functional>
#include <optional>
#include <string>

namespace bnn {

/// As std::getenv.
using Environment = std::function<const char*(const char*)>;

/// The sentence for a launcher of another MPI than the program's: it starts several processes, of
/// which each takes itself for the only one.
/// @param processes that MPI knows of
std::optional<std::string> launcher_fault(int processes, const Environment& environment);

/// Whether this is the first of the processes that a launcher started, or was started without one.
/// It may be asked before MPI is there.
bool is_started_first(const Environment& environment);

/// Seconds that a launcher gives the processes after SIGTERM before it kills them; none if it
/// waits.
std::optional<double> seconds_to_save(const Environment& environment);

/// What is said if a step takes longer than a quarter of that.
std::string slow_step_warning(double seconds);

/// What is said if the CPUs that a process may use are too few, or nothing.
/// @param usable that the process may use
/// @param fair of those that the launcher may use on this host, for each of its processes
std::optional<std::string> binding_warning(int threads, int usable, int fair);

}  // namespace bnn
