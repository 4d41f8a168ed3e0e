#include "bnn/process/main_guard.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <new>
#include <unistd.h>

#include "bnn/core/display_text.h"
#include "bnn/core/error.h"
#include "bnn/process/stop_signal.h"

namespace bnn {
namespace {

constexpr int kReaderLeft = 128 + SIGPIPE;

void open_closed_descriptors() {
  for (int number = 0; number <= 2; ++number) {
    if (fcntl(number, F_GETFD) != -1 || errno != EBADF) continue;
    // open takes the lowest free number, which is this one.
    if (open("/dev/null", O_RDWR) < 0) return;
  }
}

int report(const std::string& program, const std::string& message, ErrorKind kind) {
  std::fprintf(stderr, "%s\n", printable_line(program + ": error: " + message).c_str());
  return static_cast<int>(kind);
}

}  // namespace

int guarded_main(const std::string& program, const std::function<int()>& work) {
  open_closed_descriptors();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    const int code = work();
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      if (errno == EPIPE) return kReaderLeft;
      stop_if_asked();  // if that is what ended the writing
      return report(program, std::string("standard output: ") + std::strerror(errno),
                    ErrorKind::io);
    }
    return code;
  } catch (const Error& error) {
    for (const std::string& detail : error.details()) report(program, detail, error.kind());
    return report(program, error.what(), error.kind());
  } catch (const Stopped& stopped) {
    return 128 + stopped.signal;
  } catch (const ReaderLeft&) {
    return kReaderLeft;
  } catch (const Interrupted&) {
    if (stop_signal() != 0) return 128 + stop_signal();
    return report(program, "a signal interrupted the reading", ErrorKind::io);
  } catch (const std::filesystem::filesystem_error& error) {
    return report(program, "file system: " + error.code().message(), ErrorKind::io);
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "%s: error: not enough memory\n", program.c_str());
    return static_cast<int>(ErrorKind::io);
  } catch (...) {
    return report(program, "internal error; please report it with the command and the config",
                  ErrorKind::internal);
  }
}

}  // namespace bnn
