#pragma once
// The progress line of work that many threads do in small parts: "evaluating 43 %  ETA 12s".

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>

#include "bnn/process/run_log.h"

namespace bnn {

class ProgressMeter {
 public:
  explicit ProgressMeter(RunLog& log) : log_(log) {}

  /// Work begins. Call while no thread advances it.
  /// @param what is done, in a word or two @param parts of the work
  void begin(const std::string& what, double parts);
  /// A part is done. Thread-safe.
  void advance();
  /// Clears the line.
  void end() { log_.clear_progress(); }

 private:
  using Clock = std::chrono::steady_clock;

  RunLog& log_;
  std::string what_;
  double parts_ = 0;
  std::atomic<std::size_t> done_ = 0;
  Clock::time_point start_ = Clock::now();
  std::mutex mutex_;  // of the log
};

}  // namespace bnn
