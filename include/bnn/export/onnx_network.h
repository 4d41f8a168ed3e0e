#pragma once
// A trained network as an ONNX graph that predicts with uncertainty: standardisation, S samples of
// the weights side by side, and what they say about each image.
//
//   images (N, C, H, W), pixels from 0 to 1
//   probabilities (N, K), predictive_entropy, expected_entropy, mutual_information (N), in nats,
//       as infer/summary.h and infer/temperature.h define them
//
// The samples are fixed: the graph holds weights and draws nothing, so that every run gives the
// same numbers, those of shared draws (infer/weight_samples.h), dropout's masks included. Layers
// that no noise reaches are there once. Thread-safe: no state.

#include <functional>

#include "bnn/checkpoint/model_checkpoint.h"
#include "bnn/core/thread_pool.h"
#include "bnn/export/onnx_model.h"

namespace bnn {

/// Files of Protocol Buffers may not reach 2 GiB.
constexpr std::size_t kMaxOnnxBytes = (std::size_t{1} << 31) - (std::size_t{1} << 20);

/// Throws Error(usage) if the weights of so many samples are too large.
/// @param spec samples or mean weights, seed and temperature
/// @param check called before each sample; what it throws ends this
OnnxModel onnx_network(const ModelCheckpoint& model, const PredictionSpec& spec, ThreadPool& pool,
                       const std::function<void()>& check);

}  // namespace bnn
