#pragma once
// The section with the table of all metrics.

#include "bnn/infer/evaluation.h"
#include "bnn/report/report_section.h"

namespace bnn {

ReportSection metrics_section(const Evaluation& evaluation);

}  // namespace bnn
