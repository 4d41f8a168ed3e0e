#pragma once
// What changes over the steps of a run, as pure functions of the step (counted from 1).
//
// With base rate a, E epochs in all, w warm-up epochs and e = (step - 1) / steps_per_epoch: during
// warm-up the rate rises linearly, a step / (w steps_per_epoch). After it:
//   constant     a
//   step         a factor^(number of milestones <= e), milestones in epochs
//   cosine       f + (a - f) (1 + cos(pi (e - w) / (E - w))) / 2, f = a final_fraction
//   exponential  a decay^(e - w), decay per epoch
// The KL weight rises linearly from 0 to lambda over the annealing epochs.

#include <cstdint>
#include <vector>

namespace bnn {

struct ScheduleSpec {
  enum class Kind { constant, step, cosine, exponential } kind = Kind::constant;
  std::vector<double> milestones = {};
  double factor = 0.1;
  double final_fraction = 0.0;
  double decay = 0.95;
  double warmup_epochs = 0.0;
};

struct KlSpec {
  double weight = 1.0;  // lambda
  double annealing_epochs = 0.0;
};

double learning_rate_at(const ScheduleSpec& schedule, double base, std::uint64_t step,
                        std::uint64_t steps_per_epoch, std::uint64_t epochs);

double kl_weight_at(const KlSpec& kl, std::uint64_t step, std::uint64_t steps_per_epoch);

}  // namespace bnn
