#pragma once
// The names of data files and where they lie. A name of a config is seen from its data directory;
// "-" is standard input.

#include <string>
#include <vector>

#include "bnn/core/input_file.h"
#include "bnn/data/data_config.h"

namespace bnn {

/// `name` seen from `directory`; an absolute name and "-" stay as they are.
std::string resolve_path(const std::string& directory, const std::string& name);

/// Where the files of a set lie.
std::vector<std::string> resolved_paths(const FileSet& set, const std::string& directory);

bool any_is_missing(const std::vector<std::string>& paths);

/// Opens a data file. Throws Error(data) if it is none, or Error(io).
InputFile open_data_file(const std::string& path);

}  // namespace bnn
