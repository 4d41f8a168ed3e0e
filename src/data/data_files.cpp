#include "bnn/data/data_files.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace bnn {

std::string resolve_path(const std::string& directory, const std::string& name) {
  const bool fixed = directory.empty() || name == "-" || name.starts_with('/');
  if (fixed) return name;
  return directory + (directory.ends_with('/') ? "" : "/") + name;
}

std::vector<std::string> resolved_paths(const FileSet& set, const std::string& directory) {
  std::vector<std::string> paths;
  for (const std::string& name : set.files) paths.push_back(resolve_path(directory, name));
  for (const std::string& name : {set.images, set.labels}) {
    if (!name.empty()) paths.push_back(resolve_path(directory, name));
  }
  return paths;
}

bool any_is_missing(const std::vector<std::string>& paths) {
  return std::any_of(paths.begin(), paths.end(), [](const std::string& path) {
    std::error_code error;
    return path != "-" && !std::filesystem::exists(path, error) && !error;
  });
}

InputFile open_data_file(const std::string& path) {
  return path == "-" ? InputFile::standard_input(ErrorKind::data)
                     : InputFile(path, ErrorKind::data);
}

}  // namespace bnn
