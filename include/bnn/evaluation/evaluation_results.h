#pragma once
// The end of an evaluation: what it found, on stdout.

#include "bnn/evaluation/eval_options.h"
#include "bnn/infer/evaluation.h"

namespace bnn {

/// As text or JSON. What is missing for want of memory is said in the log.
void print_evaluation(const Evaluation& evaluation, const EvalOptions& options, RunLog& log);

}  // namespace bnn
