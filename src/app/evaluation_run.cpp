#include "bnn/app/evaluation_run.h"

#include <cstdio>
#include <numeric>

#include "bnn/app/evaluation_output.h"
#include "bnn/app/model_checkpoint.h"
#include "bnn/app/npy.h"
#include "bnn/app/stop_signal.h"
#include "bnn/data/split.h"
#include "bnn/infer/metrics.h"
#include "bnn/infer/ood.h"
#include "bnn/infer/predictor.h"
#include "bnn/math/blas.h"

namespace bnn {
namespace {

struct Images {
  Dataset data;
  std::vector<std::uint32_t> chosen;  // dataset indices
};

std::vector<std::uint32_t> all_of(const Dataset& data) {
  std::vector<std::uint32_t> chosen(data.size());
  std::iota(chosen.begin(), chosen.end(), 0u);
  return chosen;
}

// Files named on the command line: images and labels in turn for idx, anything else one by one.
FileSet named_files(const DataConfig& config, const std::vector<std::string>& files) {
  FileSet set;
  if (config.format != DataFormat::idx) {
    set.files = files;
    return set;
  }
  if (files.size() != 2) {
    throw Error(ErrorKind::usage,
                "--files: the idx format needs two files, images and labels; found " +
                    std::to_string(files.size()));
  }
  set.images = files[0];
  set.labels = files[1];
  return set;
}

Images load_images(const EvalOptions& options, const ModelCheckpoint& model) {
  const DataConfig& config = model.config.data;
  const int classes = model.graph.classes();
  const Shape& shape = model.config.model.input;
  Images images;
  if (!options.files.empty()) {
    images.data = load_dataset(config, named_files(config, options.files), "", shape, classes);
    images.chosen = all_of(images.data);
    return images;
  }
  const FileSet& files = options.split == "test" ? config.test : config.train;
  if (files.empty()) {
    throw Error(ErrorKind::usage, "the checkpoint names no files for --split " + options.split +
                                      "; name them with --files");
  }
  require_plain_names(options.checkpoint, files);
  images.data = load_dataset(config, files, evaluation_directory(options.checkpoint, options.data),
                             shape, classes);
  images.chosen = all_of(images.data);
  if (options.split == "test") return images;
  const Split split = split_validation(images.data.size(), config, model.config.training.seed);
  images.chosen = options.split == "train" ? split.train : split.validation;
  if (images.chosen.empty()) {
    throw Error(ErrorKind::usage, "the checkpoint's run held out no validation examples");
  }
  return images;
}

// Images from elsewhere, in the checkpoint's own format; labels are not needed.
Images load_outside(const EvalOptions& options, const ModelCheckpoint& model) {
  Images images;
  const FileSet files{options.ood, "", ""};
  images.data = load_dataset(model.config.data, files, "", model.config.model.input, 0);
  images.chosen = all_of(images.data);
  return images;
}

// Every Monte Carlo sample of every image goes by once, to the metrics and to the file.
template <typename Visit>
void summarize_images(Predictor& predictor, const ModelCheckpoint& model, const Images& images,
                      NpyWriter* samples, const Visit& visit) {
  const Loader loader(images.data, images.chosen, model.standardization, false, 0, 0);
  const auto classes = static_cast<std::size_t>(model.graph.classes());
  const auto passes = static_cast<std::size_t>(predictor.spec().passes());
  predictor.predict(images.data, loader, images.chosen, [&](const PredictedBlock& block) {
    stop_if_asked();
    const std::size_t count = block.examples.size();
    if (samples != nullptr) samples->write_block(block.first, count, block.probabilities);
    for (std::size_t i = 0; i < count; ++i) {
      visit(summarize(block.probabilities.data() + i * classes, passes, count * classes,
                      model.graph.classes()),
            block.examples[i]);
    }
  });
}

}  // namespace

int run_evaluation(const EvalOptions& options) {
  const ModelCheckpoint model = load_model(options.checkpoint);
  prepare_blas(options.threads);
  const Images images = load_images(options, model);
  std::optional<Images> outside;
  if (!options.ood.empty()) outside = load_outside(options, model);

  const PredictionSpec spec = prediction_spec(options.sampling, model.config);
  ThreadPool pool(options.threads);
  Predictor predictor(model.graph, model.parameters, spec, pool);
  std::optional<NpyWriter> samples;
  if (!options.save_samples.empty()) {
    samples.emplace(options.save_samples, static_cast<std::size_t>(spec.passes()),
                    images.chosen.size(), static_cast<std::size_t>(model.graph.classes()));
  }

  MetricsCollector collector(model.graph.classes());
  OodScores inside_scores, outside_scores;
  summarize_images(predictor, model, images, samples ? &*samples : nullptr,
                   [&](const Summary& summary, std::uint32_t example) {
                     collector.add(summary, images.data.labels[example]);
                     if (outside) inside_scores.add(summary);
                   });
  if (samples) samples->finish();
  std::optional<OodMetrics> ood;
  if (outside) {
    summarize_images(predictor, model, *outside, nullptr,
                     [&](const Summary& summary, std::uint32_t) { outside_scores.add(summary); });
    ood = ood_metrics(inside_scores, outside_scores);
  }
  const auto passes = static_cast<std::size_t>(spec.passes());
  const std::string text =
      options.json ? evaluation_json(collector.finish(), passes, model.class_names, ood)
                   : evaluation_text(collector.finish(), passes, model.class_names, ood);
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace bnn
