#pragma once
// The class Gaussians of a checkpoint's features (infer/class_gaussians.h), in a file beside it,
// CHECKPOINT.features.safetensors.
//
// The file has the layout of a checkpoint (files/checkpoint_file.h: safetensors with a digest over
// all of it), with kind = "features" in its metadata. Its config holds the digest of the checkpoint
// that it belongs to, the number of training images and the shrinkage. Its tensors:
//
//     counts      [classes]              training images of each class
//     means       [classes, features]    of the features, at the mean weights
//     whitening   [features, features]   W, upper triangular; W W^T is the inverse covariance
//
// That is 4 (classes + features) features bytes and little more: 29 KB for 84 features, 1 MB for
// 512, 17 MB for 2,048. Thread-safe: no state.

#include <cstdint>
#include <optional>
#include <string>

#include "bnn/checkpoint/model_checkpoint.h"
#include "bnn/infer/class_gaussians.h"

namespace bnn {

std::string features_path(const std::string& checkpoint);

/// Replaces the file atomically and durably. Throws Error(io).
void write_features(const std::string& checkpoint, const std::string& checkpoint_digest,
                    const ClassGaussians& gaussians);

/// None if there is no file. Throws Error(checkpoint) on anything wrong with it, also if it belongs
/// to other weights or does not fit the network.
std::optional<ClassGaussians> read_features(const std::string& checkpoint,
                                            const ModelCheckpoint& model);

}  // namespace bnn
