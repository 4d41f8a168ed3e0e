#include "bnn/images/image_list.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <system_error>

#include "bnn/core/error.h"
#include "bnn/core/input_file.h"
#include "bnn/images/image_file.h"

namespace bnn {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& path, const std::error_code& code) {
  const bool wrong_name =
      code == std::errc::no_such_file_or_directory || code == std::errc::not_a_directory;
  throw Error(wrong_name ? ErrorKind::data : ErrorKind::io,
              fmt::format("{}: cannot read the folder: {}", shown_path(path), code.message()));
}

// A file that cannot be read counts by its name. The decoder then reports the fault.
bool is_image(const std::string& path) {
  if (has_image_name(path)) return true;
  try {
    InputFile file(path, ErrorKind::data);
    return image_format(file.peek(kImageHeadBytes)) != ImageFormat::none;
  } catch (const Error&) {
    return false;
  }
}

void add_images(const std::string& folder, ImageList& list) {
  const FolderEntries entries = list_folder(folder);
  for (const std::string& name : entries.files) {
    const std::string path = path_in(folder, name);
    (is_image(path) ? list.paths : list.others).push_back(path);
  }
  for (const std::string& name : entries.folders) {
    const std::string path = path_in(folder, name);
    std::error_code ignored;
    if (!fs::is_symlink(path, ignored)) add_images(path, list);
  }
}

}  // namespace

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

std::string path_in(const std::string& folder, const std::string& name) {
  return folder + (folder.ends_with('/') ? "" : "/") + name;
}

FolderEntries list_folder(const std::string& path) {
  FolderEntries entries;
  std::error_code code;
  fs::directory_iterator entry(path, code);
  if (code) fail(path, code);
  while (entry != fs::directory_iterator()) {
    const std::string name = entry->path().filename().string();
    std::error_code unknown;
    const bool folder = entry->is_directory(unknown);
    if (!name.starts_with('.')) (folder ? entries.folders : entries.files).push_back(name);
    entry.increment(code);
    if (code) fail(path, code);
  }
  std::sort(entries.folders.begin(), entries.folders.end());
  std::sort(entries.files.begin(), entries.files.end());
  return entries;
}

ImageList list_images(const std::string& folder) {
  ImageList list;
  add_images(folder, list);
  if (list.paths.empty()) {
    throw Error(ErrorKind::data, fmt::format("{}: the directory holds no images ({})",
                                             shown_path(folder), kImageFormats));
  }
  std::sort(list.paths.begin(), list.paths.end());
  std::sort(list.others.begin(), list.others.end());
  return list;
}

}  // namespace bnn
