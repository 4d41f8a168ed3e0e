#pragma once
// bnn-eval --fit-calibration: fits a temperature and collects conformal scores on the examples that
// the run held out, stores them next to the checkpoint and prints them on stdout. Warns if
// they are fewer than 100.

#include "bnn/evaluation/eval_options.h"

namespace bnn {

/// Uses the checkpoint's validation split, whatever options.split and options.files say; the test
/// images are never looked at. Throws Error(usage) if nothing was held out.
int run_calibration_fit(const EvalOptions& options);

}  // namespace bnn
