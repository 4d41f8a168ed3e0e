#pragma once
// The section on training: its curves, and what is missing of them.

#include "bnn/report/report_history.h"
#include "bnn/report/report_section.h"

namespace bnn {

ReportSection training_section(const TrainingHistory& history);

}  // namespace bnn
