#include "recorder.h"

#include <fcntl.h>
#include <string_view>

namespace bnn::proof {
namespace {

// Where the next byte of a descriptor goes.
std::uint64_t position_of(pid_t thread, int descriptor) {
  std::ifstream file("/proc/" + std::to_string(thread) + "/fdinfo/" + std::to_string(descriptor));
  std::uint64_t position = 0;
  for (std::string word; file >> word;) {
    if (word == "pos:" && file >> position) return position;
  }
  return position;
}

bool truncates(const CallSite& site) {
  const int flags = site.call->open_flags;
  return flags >= 0 && (site.arguments[static_cast<std::size_t>(flags)] & O_TRUNC) != 0;
}

}  // namespace

Recorder::Recorder(std::filesystem::path folder) : folder_(std::move(folder)) {
  std::filesystem::create_directories(folder_);
  operations_.open(folder_ / "ops.txt");
}

void Recorder::add(long number, const CallSite& site, const std::string& path) {
  const std::string_view name = site.call->name;
  std::uint64_t offset = 0, size = 0;
  std::string old_path;
  if (name == "write" || name == "pwrite64") {
    size = site.arguments[2];
    offset = name == "write" ? position_of(site.thread, descriptor_of(site)) : site.arguments[3];
    const std::string bytes = bytes_at(site.thread, site.arguments[1], size);
    std::ofstream data(folder_ / (std::to_string(number) + ".data"), std::ios::binary);
    data.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  } else if (name == "ftruncate" || name == "truncate") {
    size = site.arguments[1];
  } else if (name == "rename") {
    old_path = path_at(site, 0, AT_FDCWD);
  } else if (name == "renameat" || name == "renameat2") {
    old_path = path_at(site, 1, static_cast<int>(site.arguments[0]));
  }
  operations_ << number << '\t' << (truncates(site) ? "truncate" : name) << '\t' << offset << '\t'
              << size << '\t' << old_path << '\t' << path << std::endl;
}

}  // namespace bnn::proof
