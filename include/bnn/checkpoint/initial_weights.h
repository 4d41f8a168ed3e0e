#pragma once
// Starting a network from the weights of another run's checkpoint.
//
// Tensors are matched by name. A deterministic layer's `<layer>/kernel` and `<layer>/bias` become
// the means of a Bayesian layer of that name, `<layer>/kernel_posterior_loc` and
// `<layer>/bias_posterior_loc`; scales (and trainable priors) then keep the values that they have.
// Every other variable must be there under its own name, and nothing may be left over but the
// optimizer's state, which is not taken. Thread-safe: no state.

#include <string>

#include "bnn/bayes/parameter_layout.h"
#include "bnn/core/aligned_array.h"
#include "bnn/files/checkpoint_file.h"

namespace bnn {

/// Throws Error(checkpoint), naming the file and everything that does not fit; the parameters are
/// then as they were.
void start_from_weights(const std::string& path, const CheckpointContents& contents,
                        const ParameterLayout& layout, AlignedArray& parameters);

}  // namespace bnn
