#include "bnn/checkpoint/ensemble.h"

#include "bnn/core/error.h"
#include "bnn/core/input_file.h"

namespace bnn {
namespace {

// A network that is named twice would count twice.
void refuse_repeated(const std::vector<std::string>& paths) {
  for (std::size_t i = 0; i < paths.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (!is_same_file(paths[k], paths[i])) continue;
      const std::string other =
          paths[k] == paths[i] ? "is given twice" : "is the same file as " + shown_path(paths[k]);
      throw Error(ErrorKind::usage, shown_path(paths[i]) + ": " + other +
                                        "; expected different checkpoints to average");
    }
  }
}

// The reason why a model cannot be averaged with the first one, or "".
std::string difference(const ModelCheckpoint& first, const ModelCheckpoint& model) {
  const Shape &a = first.config.model.input, &b = model.config.model.input;
  if (a.height != b.height || a.width != b.width || a.channels != b.channels) {
    return "another input shape";
  }
  if (first.graph.outputs() != model.graph.outputs()) return "another number of classes";
  const bool named = !first.class_names.empty() && !model.class_names.empty();
  if (named && first.class_names != model.class_names) return "other class names";
  return first.config.data.format == model.config.data.format ? "" : "another data format";
}

}  // namespace

std::vector<ModelCheckpoint> load_models(const std::vector<std::string>& paths, int threads) {
  refuse_repeated(paths);
  std::vector<ModelCheckpoint> models;
  for (const std::string& path : paths) {
    models.push_back(load_model(path, threads));
    const std::string what = difference(models.front(), models.back());
    if (what.empty()) continue;
    throw Error(ErrorKind::checkpoint, shown_path(path) + ": this network has " + what + " than " +
                                           shown_path(paths.front()) +
                                           ", so the two cannot be averaged");
  }
  return models;
}

std::vector<EnsembleMember> ensemble_members(const std::vector<ModelCheckpoint>& models,
                                             const SampleOptions& sampling, double temperature) {
  const PredictionSpec first = prediction_spec(sampling, models.front());
  std::vector<EnsembleMember> members;
  for (const ModelCheckpoint& model : models) {
    PredictionSpec spec = prediction_spec(sampling, model);
    spec.samples = first.samples;
    spec.temperature = temperature;
    if (sampling.seed) spec.seed += members.size();
    members.push_back({model.graph, model.parameters, model.standardization, spec});
  }
  return members;
}

}  // namespace bnn
