#pragma once
// The results of prediction sets, for the outputs of an evaluation. Thread-safe: no state.

#include <string>
#include <vector>

#include "bnn/core/json_reader.h"
#include "bnn/infer/conformal.h"

namespace bnn {

/// score, target, threshold (null: no score is large enough, every class is in the set),
/// calibration_examples, coverage, mean_size, size_counts and size_covered (by number of classes in
/// the set, from 0), class_coverage (null for a class without examples).
Json conformal_json(const ConformalResult& result);

/// Coverage, mean size, the class with the lowest coverage, and a table by size of the set.
std::string conformal_text(const ConformalResult& result,
                           const std::vector<std::string>& class_names);

}  // namespace bnn
