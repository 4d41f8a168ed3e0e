#pragma once
// Priors p(w) on the weights of one tensor, independent element by element.
//
//   normal                Normal(loc, scale)
//   laplace               exp(-|w - loc| / scale) / (2 scale)
//   student_t             Student's t with df degrees of freedom, moved by loc, stretched by scale
//   scale_mixture_normal  sum over k of probs[k] Normal(0, scales[k])   (Blundell et al., 2015)
//   tied_normal           Normal(mu, scale), mu the posterior's own mean: no pull on the means
//
// Pure functions, thread-safe.

#include <vector>

namespace bnn {

struct Prior {
  enum class Kind { normal, laplace, student_t, scale_mixture_normal, tied_normal };
  Kind kind = Kind::normal;
  double loc = 0.0;                 // not of scale_mixture_normal and tied_normal
  double scale = 1.0;               // not of scale_mixture_normal
  double df = 0.0;                  // student_t
  std::vector<double> probs = {};   // scale_mixture_normal: sum to 1
  std::vector<double> scales = {};  // as many
  /// loc and scale are variables (empirical Bayes), and these are their first values; normal only.
  bool trainable = false;

  bool operator==(const Prior&) const = default;
};

constexpr double kHalfLogTwoPi = 0.91893853320467274178;  // -ln of the normal density at 0

/// Whether the divergence of a normal posterior from this prior has a closed form.
bool has_closed_form(Prior::Kind kind);

/// ln p(w) and the score, d ln p(w) / dw, for many w. For tied_normal, w is the distance from the
/// posterior's mean. The score of laplace is 0 at the peak, where it jumps. Terms that depend on
/// the prior alone are computed once. The prior must outlive this object and must not change.
class PriorDensity {
 public:
  struct Point {
    double log_density, score;
  };

  explicit PriorDensity(const Prior& prior);

  Point at(double w) const;

 private:
  const Prior& prior_;
  double loc_, log_normalizer_;
};

}  // namespace bnn
