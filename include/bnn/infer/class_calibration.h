#pragma once
// Calibration of the probability of every class, and what the Brier score is made of.
//
// For each class k the examples are put into 15 bins of equal width by p_k. Bin b of class k holds
// n_kb examples of mean probability f_kb, of which a share o_kb belongs to the class; o_k is the
// share of the class in all N examples.
//   error of k   sum over b of (n_kb / N) |o_kb - f_kb|
//   class_ece    its mean over the classes
//                (Nixon et al., "Measuring Calibration in Deep Learning", CVPR workshops 2019; Kull
//                et al., "Beyond Temperature Scaling", NeurIPS 2019)
// The Brier score is reliability - resolution + uncertainty, exactly:
//   reliability  sum over k and b of (n_kb / N) (f_kb - o_kb)^2; 0 is best
//   uncertainty  sum over k of o_k (1 - o_k): what the labels' shares alone would score
//   resolution   sum over k and b of (n_kb / N) (o_kb - o_k)^2, corrected for bins (below);
//                more is better
// This is Murphy's partition for two outcomes ("A New Vector Partition of the Probability Score",
// J. Applied Meteorology 12, 1973), summed over the classes. It is exact if the probabilities of a
// bin are equal. Where they are not, two terms remain, the variance of p_k within bins and twice
// its covariance with the outcomes; the resolution here is Murphy's, less that variance, plus twice
// that covariance: the generalised resolution of Stephenson, Coelho and Jolliffe ("Two Extra
// Components in the Brier Score Decomposition", Weather and Forecasting 23, 2008). It can fall
// below 0.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bnn {

struct BrierDecomposition {
  double reliability = 0;
  double resolution = 0;
  double uncertainty = 0;
};

/// How well the probability of one class fits how often it is the label.
struct ClassFit {
  double mean_probability = 0;   // mean p_k over all examples
  double calibration_error = 0;  // as above
};

/// Collects examples one by one; keeps 480 bytes per class and none per example. Its results
/// depend, to the last bit, on the set of examples alone, since probabilities are added up as
/// integers. Without examples they are NaN. Not thread-safe.
class ClassCalibration {
 public:
  explicit ClassCalibration(int classes);

  /// @param probabilities one for each class; label in [0, classes)
  void add(const std::vector<double>& probabilities, std::size_t label);

  double class_ece() const;
  ClassFit of_class(std::size_t k) const;
  /// @param brier the mean Brier score of the same examples
  BrierDecomposition decompose(double brier) const;

 private:
  struct Bin {
    unsigned __int128 probability = 0;  // sum, in units of 2^-62
    std::uint64_t examples = 0;
    std::uint64_t hits = 0;  // examples of the class

    double mean_probability() const;
    double share_of_hits() const;
    double gap() const;  // n_kb |o_kb - f_kb|
  };

  std::vector<Bin> bins_;  // [classes][15]
  std::size_t examples_ = 0;
};

}  // namespace bnn
