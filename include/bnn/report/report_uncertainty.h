#pragma once
// The section on uncertainty: how its scores are distributed over right, wrong and
// out-of-distribution examples, and how well they tell the last from the others.

#include <vector>

#include "bnn/infer/evaluation.h"
#include "bnn/report/report_collector.h"
#include "bnn/report/report_section.h"

namespace bnn {

/// @param inside, outside scores of the evaluated and of the out-of-distribution examples
ReportSection uncertainty_section(const std::vector<ExampleScore>& inside,
                                  const std::vector<ExampleScore>& outside,
                                  const Evaluation& evaluation);

}  // namespace bnn
