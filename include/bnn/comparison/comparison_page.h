#pragma once
// A comparison of runs as one HTML page: a table, the curves of the runs over each other, and the
// settings that differ. Thread-safe: no state.

#include <string>
#include <vector>

#include "bnn/comparison/run_summary.h"

namespace bnn {

std::string comparison_page(const std::vector<RunSummary>& runs);

}  // namespace bnn
