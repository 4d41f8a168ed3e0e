#pragma once
// Averages of the weights over the steps of a run (Polyak and Juditsky, 1992).
//
//   average = average + share (weights - average)   after every step t, counted from 1
//
// ema_decay d: the exponential moving average, share = 1 - min(d, (1 + t) / (10 + t)), which
// forgets the first values soon (tf.train.ExponentialMovingAverage with num_updates). swa_epochs n:
// the plain mean over all steps of the last n epochs (stochastic weight averaging, Izmailov et al.,
// UAI 2018, there over epochs), share = 1 / (steps since they began). With both, it is the moving
// average before the last n epochs and the plain mean in them. With swa_epochs alone, it is the
// weights themselves before.
//
// Means of posteriors and points are averaged. Scales, the numbers of trainable priors and the
// state of layers are those of the last step. A constraint holds for the weights; their average can
// leave a set that is not convex (unit_norm).

#include <cstdint>

#include "bnn/bayes/parameter_layout.h"
#include "bnn/model/chunks.h"

namespace bnn {

struct AverageSpec {
  double ema_decay = 0.0;        // 0: none
  std::uint64_t swa_epochs = 0;  // 0: none

  bool any() const { return ema_decay > 0.0 || swa_epochs > 0; }
};

/// The share of a step's weights in the average; 1: the average is these weights.
double average_share(const AverageSpec& spec, std::uint64_t step, std::uint64_t steps_per_epoch,
                     std::uint64_t epochs);

/// Moves the average of one chunk of parameters and copies its scales. Pure, for different chunks
/// at the same time.
void average_chunk(const ParameterLayout& layout, const Chunk& chunk, float share,
                   const float* weights, float* average);

/// Copies what is in no chunk of parameters: the numbers of trainable priors and layers' state.
void copy_unaveraged(const ParameterLayout& layout, const float* from, float* to);

/// Copies layers' state alone.
void copy_layer_state(const ParameterLayout& layout, const float* from, float* to);

}  // namespace bnn
