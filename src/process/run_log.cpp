#include "bnn/process/run_log.h"

#include <algorithm>
#include <cstdio>
#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bnn/core/display_text.h"
#include "bnn/core/error.h"
#include "bnn/core/input_file.h"

namespace bnn {
namespace {

spdlog::level::level_enum level_of(Verbosity verbosity) {
  switch (verbosity) {
    case Verbosity::silent:
      return spdlog::level::off;
    case Verbosity::quiet:
      return spdlog::level::warn;
    case Verbosity::normal:
      return spdlog::level::info;
    case Verbosity::verbose:
      return spdlog::level::debug;
  }
  return spdlog::level::info;
}

std::size_t terminal_columns() {
  struct winsize size = {};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20) return 80;
  return size.ws_col;
}

// The text with its line breaks, and nothing else that would steer a terminal.
std::string plain_lines(const std::string& text) {
  std::string plain;
  for (std::size_t first = 0; first <= text.size();) {
    const std::size_t end = std::min(text.find('\n', first), text.size());
    plain += plain_text(std::string_view(text).substr(first, end - first));
    if (end < text.size()) plain += '\n';
    first = end + 1;
  }
  return plain;
}

}  // namespace

RunLog::RunLog(const std::string& program, Verbosity verbosity)
    : logger_(std::make_shared<spdlog::logger>(program,
                                               std::make_shared<spdlog::sinks::stderr_sink_mt>())),
      shows_progress_(verbosity > Verbosity::quiet && isatty(STDERR_FILENO) == 1) {
  logger_->set_pattern("%v");
  logger_->set_level(level_of(verbosity));
  logger_->flush_on(spdlog::level::debug);
  // A log that cannot be written must not stop a run whose checkpoints can.
  logger_->set_error_handler([](const std::string&) {});
}

RunLog::~RunLog() { clear_progress(); }

void RunLog::add_file(const std::string& path) {
  // Opening a FIFO would wait for a reader.
  struct stat status = {};
  if (lstat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    throw Error(ErrorKind::io, shown_path(path) + ": cannot write the log: not a regular file");
  }
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
    sink->set_pattern("%Y-%m-%d %H:%M:%S  %v");
    logger_->sinks().push_back(std::move(sink));
  } catch (const spdlog::spdlog_ex&) {
    throw Error(ErrorKind::io, shown_path(path) + ": cannot open the log file");
  }
}

void RunLog::info(const std::string& text) {
  clear_progress();
  logger_->info("{}", plain_lines(text));
}

void RunLog::detail(const std::string& text) {
  clear_progress();
  logger_->debug("{}", plain_lines(text));
}

void RunLog::warning(const std::string& text) {
  clear_progress();
  logger_->warn("warning: {}", plain_lines(text));
}

bool RunLog::progress_is_due() const {
  constexpr auto kInterval = std::chrono::milliseconds(200);
  return shows_progress_ && std::chrono::steady_clock::now() - last_progress_ >= kInterval;
}

void RunLog::progress(const std::string& text) {
  if (!shows_progress_) return;
  // A line that the terminal wraps could not be rewritten.
  const std::string line = text.substr(0, terminal_columns() - 1);
  std::fprintf(stderr, "\r%s", fitted(line, std::max(progress_width_, line.size())).c_str());
  std::fflush(stderr);
  progress_width_ = line.size();
  last_progress_ = std::chrono::steady_clock::now();
}

void RunLog::clear_progress() {
  if (progress_width_ == 0) return;
  std::fprintf(stderr, "\r%s\r", std::string(progress_width_, ' ').c_str());
  std::fflush(stderr);
  progress_width_ = 0;
}

}  // namespace bnn
