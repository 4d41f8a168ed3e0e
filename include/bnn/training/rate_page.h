#pragma once
// What a search for a learning rate leaves in the run folder: its points as CSV, and a page with
// the curve. Thread-safe: no state.

#include <optional>
#include <string>
#include <vector>

#include "bnn/training/rate_sweep.h"

namespace bnn {

/// A line a step: step, learning_rate, nll, smoothed_nll.
std::string rate_csv(const std::vector<RatePoint>& points);

/// The suggestion, or why there is none, in a sentence.
/// @param ended_early see RateSweep
std::string rate_sentence(const std::vector<RatePoint>& points, bool ended_early);

/// @param name of the config
std::string rate_page(const std::string& name, const std::vector<RatePoint>& points,
                      bool ended_early);

}  // namespace bnn
