#pragma once
// bnn-eval --corrupt: accuracy, NLL and ECE of a network on corrupted copies of the images.

#include <string>
#include <vector>

#include "bnn/corruption/corruption.h"
#include "bnn/evaluation/evaluation_images.h"
#include "bnn/infer/ensemble_predictor.h"
#include "bnn/infer/evaluation.h"
#include "bnn/process/run_log.h"

namespace bnn {

/// The corruptions of these names, or all; in the order of corruptions(). Those that images of this
/// shape cannot have are left out, which the log says. Throws Error(usage) if none is left.
std::vector<const Corruption*> applicable_corruptions(const std::vector<std::string>& names,
                                                      const Shape& shape, RunLog& log);

/// Corruption by corruption, severities 1 to 5.
/// @param seed of the corruptions' random numbers
/// Throws Stopped after a block if a signal asks for it.
std::vector<CorruptionResult> evaluate_corruptions(const std::vector<const Corruption*>& list,
                                                   const EvaluationImages& images,
                                                   std::uint64_t seed, EnsemblePredictor& predictor,
                                                   ThreadPool& pool, RunLog& log);

}  // namespace bnn
