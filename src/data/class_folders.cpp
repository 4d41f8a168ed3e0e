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
std::vector<std::string> find_classes(const std::string& directory) {
  const FolderEntries entries = list_folder(directory);
  for (const std::string& file : entries.files) {
    if (!has_image_name(file)) continue;
    fail(path_in(directory, file),
         "an image beside the class folders has no class; expected it in one of them");
  }
  for (const std::string& folder : entries.folders) {
    if (!is_utf8(folder)) fail(path_in(directory, folder), "its name is not UTF-8 text");
  }
  return entries.folders;
}

void require_count(const std::string& directory, std::size_t found, int classes) {
  if (classes > 0 ? found == static_cast<std::size_t>(classes) : found > 0) return;
  const std::string expected =
      classes > 0 ? fmt::format("{} class folders, as many as the model has outputs", classes)
                  : "a folder for each class";
  fail(directory, fmt::format("expected {}, found {}", expected, found));
}

// Sentences about what one directory has and the other data have not, and the reverse.
void add_differences(const std::string& directory, const std::vector<std::string>& found,
                     std::vector<std::string> expected, std::vector<std::string>& differences) {
  std::sort(expected.begin(), expected.end());
  for (const std::string& folder : expected) {
    if (std::binary_search(found.begin(), found.end(), folder)) continue;
    differences.push_back(fmt::format("{}: the folder of class {} is missing",
                                      shown_path(directory), json_text(Json(folder))));
  }
  for (const std::string& folder : found) {
    if (std::binary_search(expected.begin(), expected.end(), folder)) continue;
    differences.push_back(shown_path(path_in(directory, folder)) +
                          ": no class of the data that come first has this name");
  }
}

void refuse_differences(std::vector<std::string> differences) {
  if (differences.empty()) return;
  if (differences.size() == 1) throw Error(ErrorKind::data, differences[0]);
  const std::string sentence =
      fmt::format("the class folders differ in {} places; expected the same names everywhere",
                  differences.size());
  throw Error(ErrorKind::data, sentence, std::move(differences));
}

void list_class(const ClassDirectory& directory, int label, std::vector<LabelledFile>& files) {
  const FolderEntries entries = list_folder(directory.path);
  if (!entries.folders.empty()) {
    fail(path_in(directory.path, entries.folders.front()),
         "a folder inside a class folder; expected images only");
  }
  if (entries.files.empty()) fail(directory.path, "the class folder holds no images");
  for (const std::string& file : entries.files) {
    files.push_back({path_in(directory.path, file), path_in(directory.name, file), label});
  }
}

}  // namespace

std::vector<std::string> find_class_folders(const std::vector<std::string>& directories,
                                            const std::vector<std::string>& expected, int classes) {
  std::vector<std::string> folders = expected, differences;
  for (const std::string& directory : directories) {
    const std::vector<std::string> found = find_classes(directory);
    if (folders.empty()) {
      require_count(directory, found.size(), classes);
      folders = found;
    }
    add_differences(directory, found, folders, differences);
  }
  refuse_differences(std::move(differences));
  return folders;
}

std::vector<LabelledFile> list_class_images(const std::vector<ClassDirectory>& directories,
                                            const std::vector<std::string>& class_folders) {
  std::vector<LabelledFile> files;
  for (const ClassDirectory& directory : directories) {
    int label = 0;
    for (const std::string& folder : class_folders) {
      list_class({path_in(directory.path, folder), path_in(directory.name, folder)}, label++,
                 files);
    }
  }
  return files;
}

}  // namespace bnn
