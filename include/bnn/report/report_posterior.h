#pragma once
// How certain a network is of its weights: for each random tensor the scales sigma of its posterior
// and its signal-to-noise ratios |mu| / sigma, as histograms over a logarithmic axis.
//
// A weight whose ratio is below 1 has a posterior that can hardly tell its sign (Graves, "Practical
// Variational Inference for Neural Networks", NIPS 2011; Blundell et al., "Weight Uncertainty in
// Neural Networks", ICML 2015, section 6.1).

#include <cstddef>
#include <string>
#include <vector>

#include "bnn/bayes/parameter_layout.h"
#include "bnn/core/aligned_array.h"
#include "bnn/report/report_section.h"

namespace bnn {

struct TensorPosterior {
  std::string name;  // "conv1/kernel"
  std::size_t weights = 0;
  double median_scale = 0, median_ratio = 0;
  double share_below_one = 0;  // of the weights, with a ratio below 1
  std::vector<std::size_t> scale_counts, ratio_counts;
};

struct PosteriorReport {
  // The ends of the two axes, in powers of ten; values beyond them count in the bins at the ends.
  double scale_low = 0, scale_high = 1, ratio_low = -3, ratio_high = 1;
  std::vector<TensorPosterior> tensors;
};

PosteriorReport posterior_report(const ParameterLayout& layout, const AlignedArray& parameters);

/// The section on the weights; without a body if there are no random tensors.
ReportSection weights_section(const PosteriorReport& report);

}  // namespace bnn
