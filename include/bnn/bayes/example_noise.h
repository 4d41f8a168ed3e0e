#pragma once
// Noise that is different for every example of a batch: the signs of flipout, the noise of sampled
// outputs, weights drawn for one example, the mask of dropout.
//
// A number is named by its use, the layer, the pass (training step or Monte Carlo sample) and the
// example. Neither threads nor the composition of a batch can change it, and the backward pass
// draws it again instead of storing it. A layer with its own seed is named by that seed alone, so
// two layers with one seed get the same noise. Each use has its own streams, so signs for inputs
// and outputs differ also under one seed. All functions are thread-safe.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "bnn/core/random.h"

namespace bnn {

enum class NoiseUse { sign_input, sign_output, output, weights, dropout };

/// The names under which noise is drawn in one pass.
struct PassNoise {
  std::uint64_t seed = 0;
  std::uint32_t step = 0;   // training draw, or Monte Carlo sample
  bool predicting = false;  // predictions have their own streams
  /// One number per example: its position in the batch, or its index in its file.
  std::span<const std::uint32_t> examples = {};
};

/// The layer that the noise belongs to.
struct LayerNoise {
  std::uint32_t layer = 0;  // its number within the graph
  std::optional<std::uint64_t> seed = {};
  std::uint32_t kernel = 0;  // 1: the second kernel of a layer that has two
};

/// The stream of example b (a position in pass.examples) for one use by one layer.
Stream example_stream(const PassNoise& pass, const LayerNoise& layer, NoiseUse use, std::size_t b);

}  // namespace bnn
