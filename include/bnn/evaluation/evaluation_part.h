#pragma once
// The predictions of a part of an evaluation's images, in a file, so that several processes share
// one evaluation and another one counts.
//
// The file has the layout of a checkpoint (files/checkpoint_file.h: safetensors with a digest over
// all of it). Its config is the plan with what must be equal in all parts: digests of the
// checkpoints and of the images, seed, kind of products. Its state says which part it is. For
// stream i it holds "stream_00i/predictions" (passes, images, classes), "stream_00i/labels"
// (images) and, if the plan has scores and the stream is scored, "stream_00i/scores" (passes,
// images, scores). All predictions of a part are in memory at once, 4 bytes times samples times
// classes for each image and stream.

#include <span>
#include <string>
#include <vector>

#include "bnn/core/json.h"
#include "bnn/data/part.h"
#include "bnn/evaluation/evaluation_plan.h"
#include "bnn/infer/predictor.h"

namespace bnn {

/// The predictions of one stream.
struct StreamPredictions {
  std::size_t passes = 1, images = 0, classes = 0;
  std::vector<float> predictions = {};  // [passes][images][classes]
  std::vector<float> labels = {};       // [images]; whole numbers
  std::vector<float> scores = {};       // [passes][images][plan.scores], of scored streams
};

struct EvaluationPart {
  EvaluationPlan plan;
  Json identity = {};  // of networks and images: equal in all parts of one evaluation
  Part part = {};
  std::vector<StreamPredictions> streams = {};  // [plan.streams]
};

/// Copies a block to its place in the stream, which has room for all images of the part.
void store_block(const PredictedBlock& block, std::span<const int> labels,
                 StreamPredictions& stream);

/// Throws Error(io), and Error(numerical) for predictions that are not finite.
void write_part(const std::string& path, const EvaluationPart& part);
/// Throws Error(data) on anything wrong with the file.
EvaluationPart read_part(const std::string& path);

}  // namespace bnn
