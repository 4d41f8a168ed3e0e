#include "bnn/files/event_folder.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <unistd.h>

#include "bnn/core/error.h"
#include "bnn/core/input_file.h"

namespace bnn {
namespace {

constexpr std::string_view kEventPrefix = "events.out.tfevents.", kEventSuffix = ".bnn";
constexpr std::size_t kTimeDigits = 10;  // enough until the year 2286: names sort by time

// The time in the name of an event file of ours.
std::optional<std::uint64_t> time_of(std::string_view name) {
  if (!name.starts_with(kEventPrefix) || !name.ends_with(kEventSuffix)) return std::nullopt;
  if (name.size() != kEventPrefix.size() + kTimeDigits + kEventSuffix.size()) return std::nullopt;
  const std::string_view digits = name.substr(kEventPrefix.size(), kTimeDigits);
  std::uint64_t time = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + kTimeDigits, time);
  const bool good = error == std::errc() && end == digits.data() + kTimeDigits;
  return good ? std::optional(time) : std::nullopt;
}

}  // namespace

std::string event_file_name(std::uint64_t time) {
  std::string digits = std::to_string(time);
  digits.insert(0, kTimeDigits - std::min(digits.size(), kTimeDigits), '0');
  return std::string(kEventPrefix) + digits + std::string(kEventSuffix);
}

std::vector<EventFile> event_files(const std::string& folder) {
  std::vector<EventFile> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const auto time = time_of(entry.path().filename().string());
    std::error_code ignored;
    const bool regular =
        entry.symlink_status(ignored).type() == std::filesystem::file_type::regular;
    if (time && regular) files.push_back({entry.path().string(), *time});
  }
  return files;
}

void remove_event_file(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return;
  throw Error(ErrorKind::io, shown_path(path) + ": cannot remove: " + std::strerror(errno));
}

void remove_event_files(const std::string& folder) {
  for (const EventFile& file : event_files(folder)) remove_event_file(file.path);
  rmdir(folder.c_str());  // fails, as it should, where something else is in it
}

}  // namespace bnn
