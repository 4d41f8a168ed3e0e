#pragma once
// A comparison of runs as text: a table for a terminal, and CSV. Thread-safe: no state.

#include <string>
#include <vector>

#include "bnn/comparison/run_summary.h"

namespace bnn {

/// A row for each run, and below the table the settings that differ. "*" marks the lowest NLL on
/// held-out images.
std::string comparison_table(const std::vector<RunSummary>& runs);

/// A header and a row for each run: the numbers of the table in full, and every setting that
/// differs. Fields are quoted as RFC 4180 says.
std::string comparison_csv(const std::vector<RunSummary>& runs);

/// The place of the run with the lowest NLL on held-out images; nothing if none has any.
std::optional<std::size_t> best_of(const std::vector<RunSummary>& runs);

}  // namespace bnn
