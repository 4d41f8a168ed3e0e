#pragma once
// What a config says about training.

#include <cstdint>
#include <optional>

#include "bnn/math/products.h"
#include "bnn/train/adam.h"
#include "bnn/train/posterior_from_weights.h"
#include "bnn/train/schedule.h"
#include "bnn/train/weight_average.h"

namespace bnn {

struct TrainingSpec {
  std::uint64_t epochs = 10;
  int batch_size = 128;
  std::uint64_t seed = 0;
  int shards = 8;
  int samples = 1;
  ProductsKind products = ProductsKind::own;
  OptimizerSpec optimizer = adam_optimizer({});
  ScheduleSpec schedule = {};
  double gradient_clip_norm = 0.0;  // 0: none
  AverageSpec average = {};
  KlSpec kl = {};
  std::optional<PosteriorFromWeights> posterior_from_weights = {};
};

}  // namespace bnn
