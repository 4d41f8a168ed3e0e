#pragma once
// Risk and coverage (infer/risk_coverage.h) as a figure and as a table; empty without examples.

#include "bnn/infer/evaluation.h"
#include "bnn/report/markup.h"

namespace bnn {

Markup risk_coverage_figure(const Metrics& metrics);
Markup risk_coverage_table(const Evaluation& evaluation);

}  // namespace bnn
