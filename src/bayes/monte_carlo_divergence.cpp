#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "bnn/bayes/divergence_parts.h"

namespace bnn {
namespace {

// The sums over the elements for one draw e of the noise. In terms of mu, sigma and e,
// ln q(z) = -ln sigma - e² / 2 - ln(2 pi) / 2; the prior depends on them through z.
class DrawSums {
 public:
  DrawSums(const PosteriorSpan<const float>& q, const Prior& prior, const GradientSink& sink)
      : q_(q), prior_(prior), density_(prior), sink_(sink) {}

  void add(std::span<const float> noise) {
    for (std::size_t i = 0; i < noise.size(); ++i) add(i, noise[i]);
  }

  const DivergenceSums& sums() const { return sums_; }

 private:
  void add(std::size_t i, double e) {
    const ScalePoint scale(q_.untransformed_scale[i]);
    const double perturbation = scale.sigma * e;
    const double z = is_tied(prior_) ? perturbation : q_.loc[i] + perturbation;
    const PriorDensity::Point p = density_.at(z);
    sums_.kl += -std::log(scale.sigma) - 0.5 * e * e - kHalfLogTwoPi - p.log_density;
    sink_.add(i, is_tied(prior_) ? 0.0 : -p.score,
              (-1.0 / scale.sigma - p.score * e) * scale.slope);
    if (!has_variables(prior_)) return;
    sums_.prior_loc_gradient += p.score;
    sums_.prior_log_scale_gradient += 1.0 + p.score * (z - prior_.loc);
  }

  const PosteriorSpan<const float>& q_;
  const Prior& prior_;
  PriorDensity density_;
  GradientSink sink_;
  DivergenceSums sums_;
};

}  // namespace

DivergenceSums monte_carlo_divergence(int samples, const PosteriorSpan<const float>& q,
                                      const Prior& prior, const DivergenceNoise& noise,
                                      const GradientSink& sink) {
  const double share = 1.0 / samples;
  DrawSums draws(q, prior, {sink.spans, sink.weight * share});
  const std::span<float> e = noise.scratch.first(q.loc.size());
  for (int j = 0; j < samples; ++j) {
    Stream stream = noise.stream;
    stream.example = static_cast<std::uint32_t>(j);
    fill_normal(stream, noise.first, e);
    draws.add(e);
  }
  const DivergenceSums& sums = draws.sums();
  return {.kl = sums.kl * share,
          .prior_loc_gradient = sums.prior_loc_gradient * share,
          .prior_log_scale_gradient = sums.prior_log_scale_gradient * share};
}

}  // namespace bnn
