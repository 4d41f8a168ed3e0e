#include "bnn/files/atomic_file.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bnn/core/error.h"
#include "bnn/core/input_file.h"
#include "bnn/core/io_error.h"
#include "bnn/files/leftover_files.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxTemporaryStem = 200;  // a file name has at most 255 bytes
constexpr int kMaxTemporaryNames = 100;

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

// What the names of temporary files begin with, before the number of the process.
std::string temporary_stem(const std::string& path) {
  return "." + name_of(path).substr(0, kMaxTemporaryStem) + ".tmp.";
}

// The system and the messages would cut the path at a NUL byte.
void check_no_nul(const std::string& path, ErrorKind kind) {
  if (path.find('\0') != std::string::npos) throw Error(kind, "a file name holds a NUL byte");
}

int open_file(const std::string& path, int flags) {
  return retried([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0666); });
}

}  // namespace

AtomicFile::AtomicFile(const std::string& path) : path_(path) {
  check_no_nul(path, ErrorKind::io);
  const std::string name = name_of(path);
  if (name.empty() || name == "." || name == "..") {
    throw Error(ErrorKind::io, shown_path(path) + ": cannot write: not the name of a file");
  }
  // Renaming over a device or a FIFO, or over a link to one such as /dev/stdout, would destroy it.
  struct stat target = {};
  if (::stat(path.c_str(), &target) == 0 && !S_ISREG(target.st_mode)) {
    throw Error(ErrorKind::io, shown_path(path) + ": cannot write: not a regular file");
  }
  // The folder is opened first, because an error of its fsync should show before the rename.
  const std::string folder = folder_of(path);
  folder_.reset(open_file(folder, O_RDONLY | O_DIRECTORY));
  if (folder_.number() < 0) fail("cannot open its folder");
  remove_leftovers_of(path);
  make_temporary((folder == "/" ? "" : folder) + "/" + temporary_stem(path) +
                 std::to_string(::getpid()));
}

void AtomicFile::make_temporary(const std::string& stem) {
  for (int i = 0; i < kMaxTemporaryNames; ++i) {
    const std::string candidate = i == 0 ? stem : stem + "." + std::to_string(i);
    file_.reset(open_file(candidate, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW));
    if (file_.number() < 0 && errno == EEXIST) continue;
    if (file_.number() < 0) break;
    if (!claim_temporary(file_.number())) continue;
    temporary_ = candidate;
    // A copy of the descriptor keeps the lock until the file is in place. The file is closed before
    // that, because close() reports late write errors.
    lock_.reset(::fcntl(file_.number(), F_DUPFD_CLOEXEC, 0));
    return;
  }
  fail("cannot create a temporary file beside it");
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::fail(const std::string& action) const { throw io_error(path_, action, errno); }

void AtomicFile::write(std::span<const std::byte> bytes) {
  if (!file_.write_all(bytes)) fail("cannot write");
}

void AtomicFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (!file_.write_all_at(offset, bytes)) fail("cannot write");
}

void AtomicFile::commit() {
  if (!file_.sync()) fail("cannot bring it to the disk");
  if (file_.close() != 0 && errno != EINTR) fail("cannot close it");
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail("cannot replace it");
  temporary_.clear();
  lock_.close();
  if (!folder_.sync_names()) fail("cannot bring its folder to the disk");
}

void probe_writable(const std::string& path) { const AtomicFile probe(path); }

void remove_leftovers_of(const std::string& path) {
  remove_leftovers(folder_of(path), temporary_stem(path));
}

void write_file_atomically(const std::string& path,
                           std::span<const std::span<const std::byte>> parts) {
  AtomicFile file(path);
  for (const std::span<const std::byte> part : parts) file.write(part);
  file.commit();
}

void write_file_atomically(const std::string& path, std::string_view text) {
  const std::span<const std::byte> part = std::as_bytes(std::span(text));
  write_file_atomically(path, std::span(&part, 1));
}

}  // namespace bnn
