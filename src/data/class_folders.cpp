#include "bnn/data/class_folders.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "bnn/core/error.h"
#include "bnn/core/input_file.h"
#include "bnn/core/json_reader.h"
#include "bnn/core/utf8.h"
#include "bnn/images/image_file.h"
#include "bnn/images/image_list.h"

namespace bnn {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& sentence) {
  throw Error(ErrorKind::data, fmt::format("{}: {}", shown_path(path), sentence));
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
    const std::string expected =
        classes > 0 ? fmt::format("{} class folders, as many as the model has outputs", classes)
                    : "a folder for each class";
    fail(directory, fmt::format("expected {}, found {}", expected, found));
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
    fail(directory, fmt::format("the folder of class {} is missing", json_text(Json(folder))));
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
    data.append_image(read_image(path_in(directory, file)), path_in(name, file), label);
  }
}

}  // namespace

std::vector<std::string> find_class_folders(const std::vector<std::string>& directories,
                                            const std::vector<std::string>& expected, int classes) {
  std::vector<std::string> folders = expected;
  for (const std::string& directory : directories) {
    const std::vector<std::string> found = find_classes(directory, classes);
    if (folders.empty()) folders = found;
    require_same(directory, found, folders);
  }
  return folders;
}

void append_class_folders(const std::string& directory, const std::string& name, Dataset& data) {
  int label = 0;
  for (const std::string& folder : data.class_folders()) {
    append_class(path_in(directory, folder), path_in(name, folder), label, data);
    ++label;
  }
}

}  // namespace bnn
