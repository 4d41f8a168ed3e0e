#pragma once
// The contents of a folder. Names are sorted by their bytes. Names that begin with a dot are left
// out. Errors name the folder (ErrorKind::data, or io). Thread-safe: no state.

#include <cstddef>
#include <string>
#include <vector>

namespace bnn {

/// The path of what a folder holds under a name.
std::string path_in(const std::string& folder, const std::string& name);

bool is_folder(const std::string& path);

/// Names, without the folder's; links count as what they lead to.
struct FolderEntries {
  std::vector<std::string> folders, files;
};
FolderEntries list_folder(const std::string& path);

struct ImageList {
  std::vector<std::string> paths;   // each begins with the folder as given
  std::vector<std::string> others;  // files that are no such images, nor named so
};

/// The images of a folder and of all folders below, without following links to folders. Looks at
/// the first bytes of each file. Throws Error(data) if there are none.
ImageList list_images(const std::string& folder);

}  // namespace bnn
