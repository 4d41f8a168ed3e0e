#include "bnn/data/class_folders.h"

#include <algorithm>
#include <vector>

#include "bnn/core/error.h"
#include "bnn/core/input_file.h"
#include "bnn/images/image_file.h"
#include "bnn/images/image_list.h"

namespace bnn {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& sentence) {
  throw Error(ErrorKind::data, shown_path(path) + ": " + sentence);
}

// The sub-directories, each of which is a class, in the order of their names.
std::vector<std::string> find_classes(const std::string& directory, int classes) {
  const FolderEntries entries = list_folder(directory);
  for (const std::string& file : entries.files) {
    if (!has_image_name(file)) continue;
    fail(path_in(directory, file),
         "an image beside the class folders has no class; expected it in one of them");
  }
  const std::size_t found = entries.folders.size();
  if (classes > 0 ? found != static_cast<std::size_t>(classes) : found == 0) {
    fail(directory, "expected " +
                        (classes > 0 ? std::to_string(classes) +
                                           " class folders, as many as the model has outputs"
                                     : std::string("a folder for each class")) +
                        ", found " + std::to_string(found));
  }
  for (const std::string& folder : entries.folders) {
    if (!is_utf8(folder)) fail(path_in(directory, folder), "its name is not UTF-8 text");
  }
  return entries.folders;
}

void require_same(const std::string& directory, const std::vector<std::string>& found,
                  std::vector<std::string> expected) {
  std::sort(expected.begin(), expected.end());
  for (const std::string& folder : expected) {
    if (std::binary_search(found.begin(), found.end(), folder)) continue;
    fail(directory, "the folder of class " + json_text(Json(folder)) + " is missing");
  }
  for (const std::string& folder : found) {
    if (std::binary_search(expected.begin(), expected.end(), folder)) continue;
    fail(path_in(directory, folder), "no class of the data that come first has this name");
  }
}

void append_class(const std::string& directory, const std::string& name, int label, Dataset& data) {
  const FolderEntries entries = list_folder(directory);
  if (!entries.folders.empty()) {
    fail(path_in(directory, entries.folders.front()),
         "a folder inside a class folder; expected images only");
  }
  if (entries.files.empty()) fail(directory, "the class folder holds no images");
  for (const std::string& file : entries.files) {
    data.append_image(read_image(path_in(directory, file)), path_in(name, file));
    data.labels.push_back(label);
  }
}

}  // namespace

void append_class_folders(const std::string& directory, const std::string& name, int classes,
                          Dataset& data) {
  const std::vector<std::string> found = find_classes(directory, classes);
  if (data.class_folders.empty()) data.class_folders = found;
  require_same(directory, found, data.class_folders);
  for (std::size_t i = 0; i < data.class_folders.size(); ++i) {
    const std::string& folder = data.class_folders[i];
    append_class(path_in(directory, folder), path_in(name, folder), static_cast<int>(i), data);
  }
}

}  // namespace bnn
