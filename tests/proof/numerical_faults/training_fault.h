#pragma once
// A fault in a training: two good steps, one with the fault, two more, and a checkpoint.

#include <string>

#include "cases.h"
#include "corruption/refusal.h"

namespace bnn::proof {

/// refused: a step ended with Error(numerical). not_finite: the writing of the checkpoint did.
/// accepted: the training went on, and all its numbers are finite.
/// @param file for checkpoints
Verdict judge_training(const Case& fault, const std::string& file);

/// The same of a prediction. accepted: all its numbers are finite.
Verdict judge_prediction(const Case& fault);

}  // namespace bnn::proof
