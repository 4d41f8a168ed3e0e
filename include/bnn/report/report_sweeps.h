#pragma once
// The sections on sweeps: the metrics against the number of samples, and against the share of the
// weights that pruning leaves.

#include <vector>

#include "bnn/infer/evaluation.h"
#include "bnn/report/report_section.h"

namespace bnn {

ReportSection samples_section(const std::vector<SweepPoint>& sweep);
ReportSection pruning_section(std::vector<PruningPoint> points);

}  // namespace bnn
