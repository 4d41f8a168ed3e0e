#pragma once
// One evaluation by several processes: each predicts a part of the images, and one more counts.

#include "bnn/evaluation/eval_options.h"

namespace bnn {

class StreamPredictor;
struct EvaluationInputs;

/// What must be equal in all parts, of all images.
Json identity_of(const EvalOptions& options, const std::vector<ModelCheckpoint>& models,
                 const EvaluationInputs& inputs);

/// bnn-eval --part: predicts all streams of the images that are left in the inputs, and writes
/// options.output.
void predict_part(const EvalOptions& options, const Json& identity, const EvaluationInputs& inputs,
                  StreamPredictor& predictor);

/// bnn-eval --merge: the results of options.merge on stdout, as one run would give them. The parts
/// may be named in any order; one part is in memory at a time. Throws Error(data) for parts that
/// are missing, given twice or of different evaluations.
int run_merge(const EvalOptions& options);

}  // namespace bnn
