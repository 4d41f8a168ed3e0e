#include "bnn/evaluation/evaluation_inputs.h"

#include <algorithm>

#include "bnn/checkpoint/ensemble.h"
#include "bnn/checkpoint/run_folder.h"
#include "bnn/core/input_file.h"
#include "bnn/data/data_files.h"
#include "bnn/evaluation/evaluation_directory.h"
#include "bnn/process/output_paths.h"

namespace bnn {
namespace {

void append(std::vector<std::string>& list, const std::vector<std::string>& more) {
  list.insert(list.end(), more.begin(), more.end());
}

// The corruptions of these names, or all, in the order of corruptions(). Those that images of this
// shape cannot have are left out, which the log says.
std::vector<const Corruption*> applicable_corruptions(const std::vector<std::string>& names,
                                                      const Shape& shape, RunLog& log) {
  for (const std::string& name : names) find_corruption(name);
  std::vector<const Corruption*> list;
  std::string left_out;
  for (const Corruption& corruption : corruptions()) {
    const bool named = std::find(names.begin(), names.end(), corruption.name) != names.end();
    if (!names.empty() && !named) continue;
    if (corruption.fits(shape)) {
      list.push_back(&corruption);
    } else {
      left_out = std::string(corruption.name) + " needs images of three channels, and these have " +
                 std::to_string(shape.channels);
    }
  }
  if (list.empty()) throw Error(ErrorKind::usage, "--corrupt: " + left_out);
  if (!left_out.empty()) log.info("--corrupt: left out: " + left_out);
  return list;
}

void require_prunable(const std::string& checkpoint, const ModelCheckpoint& model) {
  if (!model.graph.layout().random_tensors().empty()) return;
  throw Error(ErrorKind::usage,
              shown_path(checkpoint) +
                  ": --prune ranks weights by mean and scale of their posterior, and no weight of "
                  "this network has a scale");
}

}  // namespace

EvaluationInputs read_inputs(const EvalOptions& options, const ModelCheckpoint& model,
                             RunLog& log) {
  EvaluationInputs inputs;
  if (options.corrupt) {
    inputs.corruptions = applicable_corruptions(options.corruptions, model.config.model.input, log);
  }
  inputs.calibration = apply_calibration(options.calibration, options.checkpoint, model,
                                         prediction_spec(options.sampling, model),
                                         [&](const std::string& text) { log.warning(text); });
  inputs.images = load_images(options, model);
  if (!options.ood.empty()) inputs.outside = load_outside(options, model);
  const bool calibrated = options.calibration.temperature || options.calibration.conformal;
  if (calibrated && options.files.empty() && options.split != "test") {
    log.warning("--split " + options.split +
                ": the calibration was fitted to images of the run's own training files, so "
                "these numbers flatter it");
  }
  return inputs;
}

std::vector<ModelCheckpoint> load_networks(const EvalOptions& options) {
  std::vector<std::string> paths = {options.checkpoint};
  append(paths, options.members);
  std::vector<ModelCheckpoint> models = load_models(paths, options.threads);
  if (!options.prune.empty()) require_prunable(options.checkpoint, models.front());
  return models;
}

void warn_of_other_splits(const EvalOptions& options, const std::vector<ModelCheckpoint>& models,
                          RunLog& log) {
  if (!options.files.empty() || options.split != "validation") return;
  const auto has_same_split = [&first = models.front()](const ModelCheckpoint& model) {
    const DataConfig &a = model.config.data, &b = first.config.data;
    return model.data_digest == first.data_digest &&
           model.config.training.seed == first.config.training.seed &&
           a.validation_examples == b.validation_examples &&
           a.validation_fraction == b.validation_fraction &&
           a.validation_split == b.validation_split;
  };
  for (std::size_t i = 1; i < models.size(); ++i) {
    if (has_same_split(models[i])) continue;
    log.warning("--split validation: these are the images that " + shown_path(options.checkpoint) +
                " held out, and " + shown_path(options.members[i - 1]) +
                " may have been trained on some of them, since its data or its split differ, so "
                "these numbers may flatter the ensemble");
    return;
  }
}

void check_files(const EvalOptions& options, const DataConfig& data) {
  std::vector<std::string> inputs = run_files(options.checkpoint);
  append(inputs, options.files);
  append(inputs, options.ood);
  for (const std::string& member : options.members) append(inputs, run_files(member));
  if (options.files.empty()) {
    const std::string directory = evaluation_directory(options.checkpoint, options.data);
    for (const FileSet* set : {&data.train, &data.test}) {
      append(inputs, resolved_paths(*set, directory));
    }
  }
  check_outputs({{"--output", options.output},
                 {"--save-samples", options.save_samples},
                 {"--report", options.report}},
                inputs);
}

}  // namespace bnn
