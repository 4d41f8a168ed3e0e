#include "bnn/evaluation/evaluation_results.h"

#include <cstdio>

#include "bnn/output/evaluation_output.h"

namespace bnn {
namespace {

void tell_missing_intervals(const Evaluation& evaluation, RunLog& log) {
  if (!evaluation.intervals || evaluation.metrics.examples == 0) return;
  if (evaluation.intervals->of(&Metrics::class_ece).defined()) return;
  log.info(
      "macro_auroc, and the intervals of class_ece, reliability and resolution, are missing: "
      "examples times classes are more than " +
      std::to_string(kMaxBootstrapProbabilities));
}

}  // namespace

void print_evaluation(const Evaluation& evaluation, const EvalOptions& options, RunLog& log) {
  tell_missing_intervals(evaluation, log);
  const std::string text = options.json ? evaluation_json(evaluation) : evaluation_text(evaluation);
  std::fputs(text.c_str(), stdout);
}

}  // namespace bnn
