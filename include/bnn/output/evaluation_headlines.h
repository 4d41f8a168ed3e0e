#pragma once
// The sentences and tables at the top of the report of an evaluation. Lines have at most 80
// columns. Thread-safe: no state.

#include <string>

#include "bnn/infer/evaluation.h"

namespace bnn {

/// What most people want to know, in three sentences: how much is right, whether confidence can be
/// trusted, how well it finds the errors. Empty without examples.
std::string headline_sentences(const Evaluation& evaluation);

/// One row per metric: its value, its interval and that of the mean weights where they were
/// measured, and a few words on it. The parts of the Brier score stand below it.
std::string headline_table(const Evaluation& evaluation);

/// Error rates at a few coverages, with their intervals where they were measured.
std::string risk_table(const Evaluation& evaluation);

/// A row for every number of samples; empty without a sweep.
std::string sweep_table(const Evaluation& evaluation);

}  // namespace bnn
