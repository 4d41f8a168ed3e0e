#pragma once
// The results of corruptions, for the outputs of an evaluation. Thread-safe: no state.

#include <string>
#include <vector>

#include "bnn/core/json_reader.h"
#include "bnn/infer/evaluation.h"

namespace bnn {

/// For each severity that occurs, in ascending order, the means over its corruptions; `corruption`
/// is "mean". Only the numbers of kPointMetrics and auroc are filled.
std::vector<CorruptionResult> severity_means(const std::vector<CorruptionResult>& results);

/// [{"corruption", "severity", "accuracy", "nll", "ece"}, …], with --ood also "auroc", an object
/// with a number for each score
Json corruption_list_json(const std::vector<CorruptionResult>& results);

/// A table for each of kPointMetrics: a row for each corruption and one of means, a column for each
/// severity, 0 being the clean images. With --ood a further one of the scores' AUROC.
std::string corruption_tables(const MetricValues& clean,
                              const std::vector<CorruptionResult>& results);

}  // namespace bnn
