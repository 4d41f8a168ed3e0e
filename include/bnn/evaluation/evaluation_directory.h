#pragma once
// Where the data files of a checkpoint lie.
//
// File names that a checkpoint stores are not trusted: they are looked up inside a directory that
// the user names (or that the run folder's own config.json names), and names that are absolute or
// climb out of it are refused.

#include <string>

#include "bnn/data/data_config.h"

namespace bnn {

/// The directory of the data files: --data, or what the run folder's config.json records. Throws
/// Error(usage) if there is neither.
std::string evaluation_directory(const std::string& checkpoint, const std::string& data_flag);

/// Refuses names that lead out of a directory. Throws Error(checkpoint).
void require_plain_names(const std::string& checkpoint, const FileSet& files);

}  // namespace bnn
