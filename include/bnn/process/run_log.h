#pragma once
// The log of a run: lines on stderr and in train.log, and a progress line on a terminal.
//
// Standard output carries results only. The progress line is rewritten in place, at most five times
// a second, and only where stderr is a terminal; log lines push it aside. Characters that steer the
// display (display_text.h) become "?", except line breaks. Not thread-safe.

#include <chrono>
#include <memory>
#include <string>

namespace spdlog {
class logger;
}

namespace bnn {

enum class Verbosity { silent, quiet, normal, verbose };  // silent: nothing at all

class RunLog {
 public:
  RunLog(const std::string& program, Verbosity verbosity);
  ~RunLog();

  /// From now on lines go to this file as well, appended.
  void add_file(const std::string& path);

  void info(const std::string& text);     // not if quiet
  void detail(const std::string& text);   // if verbose
  void warning(const std::string& text);  // always

  /// True if it is time to rewrite the progress line.
  bool progress_is_due() const;
  void progress(const std::string& text);
  void clear_progress();

 private:
  std::shared_ptr<spdlog::logger> logger_;
  bool shows_progress_;
  std::size_t progress_width_ = 0;
  std::chrono::steady_clock::time_point last_progress_ = {};
};

}  // namespace bnn
