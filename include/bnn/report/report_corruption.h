#pragma once
// The section on corrupted images.

#include "bnn/infer/evaluation.h"
#include "bnn/report/report_section.h"

namespace bnn {

ReportSection corruption_section(const Evaluation& evaluation);

}  // namespace bnn
