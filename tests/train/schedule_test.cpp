#include "bnn/train/schedule.h"

#include <catch2/catch.hpp>

using namespace bnn;

namespace {

using Kind = ScheduleSpec::Kind;

// Ten steps an epoch, base rate 0.8.
double rate(const ScheduleSpec& schedule, std::uint64_t step, std::uint64_t epochs = 10) {
  return learning_rate_at(schedule, 0.8, step, 10, epochs);
}

}  // namespace

TEST_CASE("a constant schedule stays") {
  for (std::uint64_t step : {1u, 10u, 11u, 100u, 1000u}) CHECK(rate({}, step) == 0.8);
}

TEST_CASE("a step schedule falls on the first step of each milestone's epoch") {
  const ScheduleSpec schedule{.kind = Kind::step, .milestones = {2, 5}, .factor = 0.5};
  CHECK(rate(schedule, 1) == 0.8);
  CHECK(rate(schedule, 20) == 0.8);
  CHECK(rate(schedule, 21) == Approx(0.4));
  CHECK(rate(schedule, 50) == Approx(0.4));
  CHECK(rate(schedule, 51) == Approx(0.2));
  CHECK(rate(schedule, 1000) == Approx(0.2));
}

TEST_CASE("a cosine schedule goes from the base to its final fraction") {
  const ScheduleSpec schedule{.kind = Kind::cosine, .final_fraction = 0.25};
  CHECK(rate(schedule, 1) == Approx(0.8));
  CHECK(rate(schedule, 51) == Approx((0.8 + 0.2) / 2));  // half way
  CHECK(rate(schedule, 26) == Approx(0.2 + 0.6 * (1 + 0.70710678118654752) / 2));
  CHECK(rate(schedule, 101) == Approx(0.2));  // the end of ten epochs
  CHECK(rate(schedule, 500) == Approx(0.2));
}

TEST_CASE("an exponential schedule falls by its decay every epoch") {
  const ScheduleSpec schedule{.kind = Kind::exponential, .decay = 0.5};
  CHECK(rate(schedule, 1) == Approx(0.8));
  CHECK(rate(schedule, 6) == Approx(0.8 * 0.70710678118654752));
  CHECK(rate(schedule, 11) == Approx(0.4));
  CHECK(rate(schedule, 31) == Approx(0.1));
}

TEST_CASE("warm-up rises linearly to the base rate") {
  for (Kind kind : {Kind::constant, Kind::step, Kind::cosine, Kind::exponential}) {
    const ScheduleSpec schedule{.kind = kind, .milestones = {3}, .warmup_epochs = 2};
    CHECK(rate(schedule, 1) == Approx(0.04));
    CHECK(rate(schedule, 10) == Approx(0.4));
    CHECK(rate(schedule, 19) == Approx(0.76));
    CHECK(rate(schedule, 20) == Approx(0.8));
    CHECK(rate(schedule, 21) == Approx(0.8));
  }
}

TEST_CASE("after warm-up the decay counts from its end") {
  const ScheduleSpec exponential{.kind = Kind::exponential, .decay = 0.5, .warmup_epochs = 2};
  CHECK(rate(exponential, 31) == Approx(0.4));
  const ScheduleSpec cosine{.kind = Kind::cosine, .warmup_epochs = 2};
  CHECK(rate(cosine, 61) == Approx(0.4));  // half of the eight epochs that are left
  CHECK(rate(cosine, 101) == Approx(0.0).margin(1e-12));
  // Milestones count from the beginning of the run.
  const ScheduleSpec steps{
      .kind = Kind::step, .milestones = {3}, .factor = 0.5, .warmup_epochs = 2};
  CHECK(rate(steps, 30) == Approx(0.8));
  CHECK(rate(steps, 31) == Approx(0.4));
}

TEST_CASE("warm-up of a part of an epoch, and of the whole run") {
  CHECK(rate({.warmup_epochs = 0.5}, 1) == Approx(0.16));
  CHECK(rate({.warmup_epochs = 0.5}, 5) == Approx(0.8));
  const ScheduleSpec all{.kind = Kind::cosine, .warmup_epochs = 10};
  CHECK(rate(all, 99) == Approx(0.792));
  CHECK(rate(all, 101) == Approx(0.0).margin(1e-12));
}

TEST_CASE("the weight of the KL rises linearly from zero over the annealing epochs") {
  const KlSpec kl{.weight = 0.5, .annealing_epochs = 2};
  CHECK(kl_weight_at(kl, 0, 10) == 0.0);
  CHECK(kl_weight_at(kl, 1, 10) == Approx(0.025));
  CHECK(kl_weight_at(kl, 10, 10) == Approx(0.25));
  CHECK(kl_weight_at(kl, 19, 10) == Approx(0.475));
  CHECK(kl_weight_at(kl, 20, 10) == 0.5);
  CHECK(kl_weight_at(kl, 21, 10) == 0.5);
  CHECK(kl_weight_at(kl, 100000, 10) == 0.5);
}

TEST_CASE("without annealing the KL has its whole weight from the first step") {
  CHECK(kl_weight_at({.weight = 1.0}, 1, 10) == 1.0);
  CHECK(kl_weight_at({.weight = 0.0, .annealing_epochs = 3}, 5, 10) == 0.0);
}
