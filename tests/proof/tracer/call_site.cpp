#include "call_site.h"

#include <fcntl.h>
#include <filesystem>
#include <sys/uio.h>

namespace bnn::proof {
namespace {

std::string process_file(pid_t thread, const std::string& name) {
  return "/proc/" + std::to_string(thread) + "/" + name;
}

std::string link_target(const std::string& link) {
  std::error_code error;
  return std::filesystem::read_symlink(link, error).string();
}

// Text up to its end, read by pages since the next one may not be there.
std::string text_at(pid_t thread, std::uint64_t address) {
  constexpr std::size_t kPage = 4096;
  std::string text;
  while (text.size() < 2 * kPage) {
    const std::string part = bytes_at(thread, address, kPage - address % kPage);
    const std::size_t end = part.find('\0');
    text += part.substr(0, end);
    if (part.empty() || end != std::string::npos) return text;
    address += part.size();
  }
  return text;
}

std::string descriptor_path(pid_t thread, int descriptor) {
  const std::string name = descriptor == AT_FDCWD ? "cwd" : "fd/" + std::to_string(descriptor);
  return link_target(process_file(thread, name));
}

}  // namespace

std::string bytes_at(pid_t thread, std::uint64_t address, std::size_t size) {
  std::string bytes(size, '\0');
  const iovec here{bytes.data(), size};
  const iovec there{reinterpret_cast<void*>(address), size};
  const ssize_t got = process_vm_readv(thread, &here, 1, &there, 1, 0);
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

int descriptor_of(const CallSite& site) {
  return static_cast<int>(site.arguments[static_cast<std::size_t>(site.call->argument)]);
}

std::string path_of(const CallSite& site) {
  const auto argument = static_cast<std::size_t>(site.call->argument);
  const auto descriptor = [&](std::size_t i) { return static_cast<int>(site.arguments[i]); };
  switch (site.call->names) {
    case Names::nothing:
      return {};
    case Names::descriptor:
      return descriptor_path(site.thread, descriptor_of(site));
    case Names::path:
    case Names::path_at:
      break;
  }
  const bool is_at = site.call->names == Names::path_at;
  return path_at(site, argument, is_at ? descriptor(argument - 1) : AT_FDCWD);
}

std::string path_at(const CallSite& site, std::size_t argument, int folder) {
  const std::filesystem::path path = text_at(site.thread, site.arguments[argument]);
  if (path.is_absolute()) return path.lexically_normal().string();
  const std::filesystem::path from = descriptor_path(site.thread, folder);
  return (from / path).lexically_normal().string();
}

bool changes_a_file(const CallSite& site) {
  if (!site.call->changes_files) return false;
  if (site.call->open_flags < 0) return true;
  const auto flags = site.arguments[static_cast<std::size_t>(site.call->open_flags)];
  return (flags & (O_CREAT | O_TRUNC)) != 0;
}

}  // namespace bnn::proof
