#include "bnn/files/durable_folder.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <vector>

#include "bnn/core/file_descriptor.h"
#include "bnn/core/io_error.h"

namespace bnn {

void make_durable_folder(const std::string& path) {
  std::error_code error;
  std::vector<std::filesystem::path> missing;
  for (std::filesystem::path folder = std::filesystem::absolute(path, error).lexically_normal();
       !error && !std::filesystem::exists(folder, error) && folder.has_relative_path();
       folder = folder.parent_path()) {
    missing.push_back(folder);
  }
  std::filesystem::create_directories(path, error);
  if (error) throw io_error(path, "cannot create the folder", error.value());
  for (const std::filesystem::path& folder : missing) sync_folder(folder.parent_path().string());
}

void sync_folder(const std::string& path) {
  FileDescriptor folder(
      retried([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (folder.number() < 0 && errno == EACCES) return;
  if (folder.number() < 0) throw io_error(path, "cannot open the folder", errno);
  if (!folder.sync_names()) throw io_error(path, "cannot bring the folder to the disk", errno);
}

}  // namespace bnn
