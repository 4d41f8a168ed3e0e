#pragma once
// The learning-rate range test (Smith, WACV 2017): a short training whose learning rate grows from
// step to step, and what its losses say about a good rate.
//
// Step i of n (from 0) has the rate low (high / low)^(i / (n - 1)). Losses are noisy, so decisions
// look at their exponential moving average with bias correction, a = 0.9:
//
//   m_i = a m_(i-1) + (1 - a) loss_i,   smoothed_i = m_i / (1 - a^(i + 1))
//
// The sweep ends early where this is several times its best, or where a loss is not finite. The
// suggested rate is a tenth of the one where the smoothed loss was lowest: near the lowest loss the
// steps are about to become too long. Not thread-safe.

#include <optional>
#include <vector>

namespace bnn {

struct RateRange {
  double low = 1e-6, high = 10.0;
};

struct RatePoint {
  double rate, nll, smoothed;  // nats per example
};

class RateSweep {
 public:
  /// @param steps at least 2
  RateSweep(const RateRange& range, int steps);

  bool is_finished() const { return ended_early_ || points_.size() >= steps_; }
  /// The rate of the next step.
  double next_rate() const;
  /// Takes the loss of the step at that rate.
  void add(double nll);
  /// The step at that rate failed.
  void fail() { ended_early_ = true; }

  /// Those with a finite loss.
  const std::vector<RatePoint>& points() const { return points_; }
  bool ended_early() const { return ended_early_; }

 private:
  RateRange range_;
  std::size_t steps_;
  std::vector<RatePoint> points_;
  double average_ = 0.0, best_ = 0.0;
  bool ended_early_ = false;
};

struct RateSuggestion {
  double rate;    // a tenth of `lowest`
  double lowest;  // where the smoothed loss is lowest
};

/// Nothing if the smoothed loss never fell by a twentieth of where it began, which is the first
/// loss or the average of the first ten, whichever is lower: the rates were too low, too high, or
/// too few.
std::optional<RateSuggestion> suggested_rate(const std::vector<RatePoint>& points);

}  // namespace bnn
