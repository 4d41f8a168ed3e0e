#pragma once
// Some of an evaluation's metrics as members of a JSON object. Thread-safe: no state.

#include <span>

#include "bnn/core/json_reader.h"
#include "bnn/infer/named_metrics.h"

namespace bnn {

/// Appends a member for each of the metrics, under its name.
void add_values(Json& object, std::span<const NamedMetric> list, const MetricValues& values);

}  // namespace bnn
