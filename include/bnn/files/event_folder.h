#pragma once
// The event files in a folder that TensorBoard reads: which of them are this project's, by name.
//
// A file is named "events.out.tfevents.<seconds since 1970, ten digits>.bnn", so that names sort by
// time. Files of other names are never touched. Thread-safe: no state.

#include <cstdint>
#include <string>
#include <vector>

namespace bnn {

struct EventFile {
  std::string path;
  std::uint64_t time;  // seconds since 1970, from the name
};

std::string event_file_name(std::uint64_t time);

/// The regular files of this project in the folder; none if there is no folder.
std::vector<EventFile> event_files(const std::string& folder);

/// Throws Error(io).
void remove_event_file(const std::string& path);
/// Removes them all, and the folder if nothing else is in it. Throws Error(io).
void remove_event_files(const std::string& folder);

}  // namespace bnn
