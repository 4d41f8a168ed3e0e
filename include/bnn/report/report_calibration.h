#pragma once
// The section on calibration: reliability diagram, risk and coverage, prediction sets.

#include "bnn/infer/evaluation.h"
#include "bnn/report/report_section.h"

namespace bnn {

ReportSection calibration_section(const Evaluation& evaluation);

}  // namespace bnn
