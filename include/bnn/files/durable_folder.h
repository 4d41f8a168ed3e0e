#pragma once
// Folders whose names survive a power cut. A new file or folder has a name only for a time, until
// an fsync of the folder that holds it. Thread-safe.

#include <string>

namespace bnn {

/// Creates the folder and those above it that are missing, and brings their names to the disk.
/// Throws Error(io).
void make_durable_folder(const std::string& path);

/// Brings the names in a folder to the disk. Does nothing if the folder may not be read, or the
/// file system cannot do it. Throws Error(io) if the disk fails.
void sync_folder(const std::string& path);

}  // namespace bnn
