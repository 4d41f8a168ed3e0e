#pragma once
// How well the probability of each class is calibrated (infer/class_calibration.h), as a table with
// the worst class first; empty without examples.

#include "bnn/infer/evaluation.h"
#include "bnn/report/markup.h"

namespace bnn {

Markup class_calibration_table(const Evaluation& evaluation);

}  // namespace bnn
