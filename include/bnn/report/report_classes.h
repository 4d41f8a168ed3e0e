#pragma once
// The section on classes: balance, calibration by class, confusion matrix or most frequent
// confusions, and a row a class.

#include "bnn/infer/evaluation.h"
#include "bnn/report/report_section.h"

namespace bnn {

ReportSection classes_section(const Evaluation& evaluation);

}  // namespace bnn
