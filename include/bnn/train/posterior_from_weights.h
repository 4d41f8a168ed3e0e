#pragma once
// Posterior scales from the weights of a trained network: sigma = delta |w|, the start that
// Krishnan, Subedar and Tickoo give the posteriors ("Specifying Weight Priors in Bayesian Deep
// Neural Networks with Empirical Bayes", AAAI 2020, MOPED).

#include <set>
#include <string>

#include "bnn/bayes/parameter_layout.h"
#include "bnn/core/aligned_array.h"

namespace bnn {

/// The smallest initial scale: from a weight of exactly 0 a scale could not grow. It is well above
/// the 2^-23 that is added to every scale, so that the gradient still reaches the variable.
constexpr double kLeastInitialScale = 1e-5;

struct PosteriorFromWeights {
  double delta = 0.1;
};

/// Sets the scale of every random weight to delta |mean|, or to the least initial scale.
/// @param of the names of the means whose scales are set; null: all of them
void set_scales_from_weights(const ParameterLayout& layout, const PosteriorFromWeights& spec,
                             AlignedArray& parameters, const std::set<std::string>* of = nullptr);

}  // namespace bnn
