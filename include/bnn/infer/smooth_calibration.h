#pragma once
// The smooth calibration error smECE: a calibration error without bins (Błasiok and Nakkiran,
// "Smooth ECE: Principled Reliability Diagrams via Kernel Smoothing", ICLR 2024).
//
// The residuals (outcome - probability) of the predictions are smoothed over the probabilities with
// a Gaussian kernel of width sigma, reflected at 0 and 1:
//     r(t) = 1/N sum_i K_sigma(t, p_i) (y_i - p_i),      smECE_sigma = integral of |r| over [0, 1].
// smECE is the sigma at which smECE_sigma = sigma: the only one, since smoothing more makes the
// left side smaller. The reflected kernel damps the cosine series of r by exp(-(sigma pi k)^2 / 2),
// so the series is made once and the fixed point found by bisection. Probabilities lie on a grid of
// 1000 steps, between whose points residuals are shared.
//
// Thread-safe: no state.

#include <span>
#include <vector>

namespace bnn {

/// Sums of residuals at the points j / 1000 of the grid.
class ResidualGrid {
 public:
  ResidualGrid();
  /// @param probability in [0, 1] @param weight times of the example
  void add(double probability, double residual, double weight = 1);
  /// @param count predictions, by which the residuals are divided; NaN if 0
  double smooth_calibration_error(double count) const;

 private:
  std::vector<double> sums_;
};

}  // namespace bnn
