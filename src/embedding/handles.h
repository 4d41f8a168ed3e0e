#pragma once
// What the opaque types of bnn.h are.

#include <memory>

#include "bnn.h"
#include "bnn/checkpoint/model_checkpoint.h"
#include "bnn/core/thread_pool.h"
#include "bnn/data/standardizer.h"
#include "bnn/infer/outlier_scores.h"
#include "bnn/infer/predictor.h"

struct bnn_model {
  std::shared_ptr<const bnn::ModelCheckpoint> checkpoint;
  std::shared_ptr<const bnn::ClassGaussians> gaussians;  // or null
};

struct bnn_session {
  bnn_session(const bnn_model& model, const bnn::PredictionSpec& spec, int threads);

  /// As bnn_predict; the arguments have been checked.
  void predict(std::span<const std::uint8_t> images, std::size_t n, const std::uint32_t* names,
               const bnn_results& results);

  const bnn::PredictionSpec& spec() const { return predictor_.spec(); }
  /// Whether the session's threads are in this process: after fork they are not in the child.
  bool is_usable() const;
  const bnn::Shape& input() const { return model_->config.model.input; }

 private:
  std::shared_ptr<const bnn::ModelCheckpoint> model_;
  std::shared_ptr<const bnn::ClassGaussians> gaussians_;
  bnn::ThreadPool pool_;
  bnn::Standardizer standardizer_;
  bnn::OutlierScorer scorer_;
  bnn::Predictor predictor_;
  int process_;  // that made the session
};
