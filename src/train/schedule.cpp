#include "bnn/train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace bnn {

double learning_rate_at(const ScheduleSpec& schedule, double base, std::uint64_t step,
                        std::uint64_t steps_per_epoch, std::uint64_t epochs) {
  const auto per_epoch = static_cast<double>(steps_per_epoch);
  const double warmup_steps = schedule.warmup_epochs * per_epoch;
  if (static_cast<double>(step) < warmup_steps) {
    return base * static_cast<double>(step) / warmup_steps;
  }
  const double epoch = static_cast<double>(step - 1) / per_epoch;
  const double since_warmup = std::max(0.0, epoch - schedule.warmup_epochs);
  switch (schedule.kind) {
    case ScheduleSpec::Kind::constant:
      return base;
    case ScheduleSpec::Kind::step: {
      const auto passed = std::count_if(schedule.milestones.begin(), schedule.milestones.end(),
                                        [&](double milestone) { return milestone <= epoch; });
      return base * std::pow(schedule.factor, static_cast<double>(passed));
    }
    case ScheduleSpec::Kind::cosine: {
      const double length = static_cast<double>(epochs) - schedule.warmup_epochs;
      const double progress = length <= 0.0 ? 1.0 : std::min(1.0, since_warmup / length);
      const double wave = 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
      return base * (schedule.final_fraction + (1.0 - schedule.final_fraction) * wave);
    }
    case ScheduleSpec::Kind::exponential:
      return base * std::pow(schedule.decay, since_warmup);
  }
  return base;
}

double kl_weight_at(const KlSpec& kl, std::uint64_t step, std::uint64_t steps_per_epoch) {
  const double annealing_steps = kl.annealing_epochs * static_cast<double>(steps_per_epoch);
  if (annealing_steps <= 0.0) return kl.weight;
  return kl.weight * std::min(1.0, static_cast<double>(step) / annealing_steps);
}

}  // namespace bnn
