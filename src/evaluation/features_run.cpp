#include "bnn/evaluation/features_run.h"

#include <cstdio>
#include <exception>
#include <fmt/format.h>
#include <numeric>
#include <optional>

#include "bnn/checkpoint/features_file.h"
#include "bnn/core/display_text.h"
#include "bnn/core/input_file.h"
#include "bnn/core/json.h"
#include "bnn/evaluation/evaluation_images.h"
#include "bnn/files/atomic_file.h"
#include "bnn/math/products.h"
#include "bnn/process/progress_meter.h"
#include "bnn/process/stop_signal.h"

namespace bnn {
namespace {

// Throws Error(usage) with the reason why the network has no class Gaussians.
std::size_t number_of_features(const std::string& checkpoint, const ModelCheckpoint& model) {
  const std::optional<FeatureNode> features = find_features(model.graph);
  if (!features) {
    throw Error(ErrorKind::usage, shown_path(checkpoint) +
                                      ": no single dense or convolution layer leads to the "
                                      "outputs, so the network has no features");
  }
  if (features->size > kMaxFeatures) {
    throw Error(ErrorKind::usage,
                fmt::format("{}: the last layer reads {} features; expected at most {}, since "
                            "their covariance has the square of that",
                            shown_path(checkpoint), features->size, kMaxFeatures));
  }
  return features->size;
}

EvaluationImages training_images(const EvalOptions& options, const std::string& checkpoint,
                                 const ModelCheckpoint& model) {
  EvalOptions training = options;
  training.checkpoint = checkpoint;
  training.split = "train";
  training.files.clear();
  return load_images(training, model);
}

ClassGaussians fit_gaussians(const EvalOptions& options, const std::string& checkpoint,
                             const ModelCheckpoint& model, ThreadPool& pool, RunLog& log) {
  const std::size_t features = number_of_features(checkpoint, model);
  const EvaluationImages images = training_images(options, checkpoint, model);
  const FeatureCopy copy(features);
  PredictionSpec spec = prediction_spec(options.sampling, model);
  spec.mean_weights = true;
  Predictor predictor(model.graph, *model.likelihood, model.parameters, spec, pool, &copy);
  ProgressMeter meter(log);
  predictor.check_often([&] {
    stop_if_asked();
    meter.advance();
  });
  meter.begin("features of the training images",
              static_cast<double>(images.chosen.size()) / static_cast<double>(kPredictionGroup));
  ClassGaussianFit fit(static_cast<std::size_t>(model.graph.outputs()), features);
  const Standardizer standardizer(model.standardization);
  std::vector<int> labels;
  predictor.predict(images.data, standardizer, images.chosen, [&](const PredictedBlock& block) {
    labels.clear();
    for (const std::uint32_t i : block.examples) labels.push_back(images.data.labels()[i]);
    fit.add(block.scores, labels, pool);
  });
  meter.end();
  return fit.finish();
}

std::size_t images_in(const ClassGaussians& gaussians) {
  return static_cast<std::size_t>(
      std::accumulate(gaussians.counts.begin(), gaussians.counts.end(), 0.0));
}

std::string gaussians_text(const ClassGaussians& gaussians) {
  return fmt::format("class Gaussians of {} features, fitted to {} training images",
                     gaussians.features, images_in(gaussians));
}

// The file beside the checkpoint, if it is of use. What is wrong with it is kept in `refusal`.
std::optional<ClassGaussians> stored_gaussians(const std::string& checkpoint,
                                               const ModelCheckpoint& model,
                                               std::exception_ptr& refusal) {
  try {
    return read_features(checkpoint, model);
  } catch (const Error&) {
    refusal = std::current_exception();
    return std::nullopt;
  }
}

// A folder that cannot be written costs the next evaluation another pass, no more.
void keep_gaussians(const std::string& checkpoint, const ModelCheckpoint& model,
                    const ClassGaussians& gaussians, RunLog& log) {
  try {
    write_features(checkpoint, model.digest, gaussians);
    log.info(
        fmt::format("{}: {}", shown_path(features_path(checkpoint)), gaussians_text(gaussians)));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::io) throw;
    log.warning(fmt::format("{}; the class Gaussians are not kept", error.what()));
  }
}

std::optional<ClassGaussians> gaussians_of(const EvalOptions& options,
                                           const std::string& checkpoint,
                                           const ModelCheckpoint& model, ThreadPool& pool,
                                           RunLog& log) {
  std::exception_ptr refusal;
  std::optional<ClassGaussians> gaussians = stored_gaussians(checkpoint, model, refusal);
  if (gaussians) return gaussians;
  try {
    gaussians = fit_gaussians(options, checkpoint, model, pool, log);
  } catch (const Error& error) {
    if (refusal) std::rethrow_exception(refusal);
    if (error.kind() == ErrorKind::internal) throw;
    log.warning(fmt::format("--ood: the score mahalanobis is left out: {}", error.what()));
    return std::nullopt;
  }
  keep_gaussians(checkpoint, model, *gaussians, log);
  return gaussians;
}

}  // namespace

int run_features_fit(const EvalOptions& options) {
  RunLog log("bnn-eval", options.verbosity);
  const ModelCheckpoint model = load_model(options.checkpoint, options.threads);
  prediction_spec(options.sampling, model).products.prepare(options.threads);
  const std::string path = features_path(options.checkpoint);
  probe_writable(path);
  const GracefulStop stops_tidily;
  ThreadPool pool(options.threads);
  const ClassGaussians gaussians = fit_gaussians(options, options.checkpoint, model, pool, log);
  stop_if_asked();
  write_features(options.checkpoint, model.digest, gaussians);
  const Json result = {{"file", path},
                       {"examples", images_in(gaussians)},
                       {"features", gaussians.features},
                       {"classes", gaussians.classes},
                       {"shrinkage", gaussians.shrinkage}};
  const std::string text = options.json
                               ? json_line(result)
                               : fmt::format("{}\nshrinkage of their covariance {}\nstored in {}\n",
                                             gaussians_text(gaussians),
                                             significant(gaussians.shrinkage, 3), shown_path(path));
  std::fputs(text.c_str(), stdout);
  return 0;
}

std::vector<ClassGaussians> outside_gaussians(const EvalOptions& options,
                                              const std::vector<ModelCheckpoint>& models,
                                              ThreadPool& pool, RunLog& log) {
  std::vector<ClassGaussians> all;
  for (std::size_t i = 0; i < models.size(); ++i) {
    const std::string& path = i == 0 ? options.checkpoint : options.members[i - 1];
    std::optional<ClassGaussians> one = gaussians_of(options, path, models[i], pool, log);
    if (!one) return {};
    all.push_back(std::move(*one));
  }
  return all;
}

}  // namespace bnn
