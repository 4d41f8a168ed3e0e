#include "bnn/process/progress_meter.h"

#include <algorithm>
#include <fmt/format.h>

#include "bnn/core/display_text.h"

namespace bnn {

void ProgressMeter::begin(const std::string& what, double parts) {
  what_ = what;
  parts_ = parts;
  done_ = 0;
  start_ = Clock::now();
}

void ProgressMeter::advance() {
  const std::size_t done = ++done_;
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock || parts_ <= 0 || !log_.progress_is_due()) return;
  const double share = std::min(static_cast<double>(done) / parts_, 0.99);
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  log_.progress(fmt::format("{} {} %  ETA {}", what_, fixed(100 * share, 0),
                            duration_text(seconds * (1 - share) / share)));
}

}  // namespace bnn
