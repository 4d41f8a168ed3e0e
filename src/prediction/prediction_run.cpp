#include "bnn/prediction/prediction_run.h"

#include <algorithm>
#include <fmt/format.h>

#include "bnn/checkpoint/features_file.h"
#include "bnn/checkpoint/model_checkpoint.h"
#include "bnn/checkpoint/run_folder.h"
#include "bnn/files/npy.h"
#include "bnn/infer/outlier_scores.h"
#include "bnn/infer/predictor.h"
#include "bnn/math/products.h"
#include "bnn/prediction/path_list.h"
#include "bnn/prediction/prediction_inputs.h"
#include "bnn/prediction/prediction_writer.h"
#include "bnn/prediction/row_maker.h"
#include "bnn/process/output_paths.h"
#include "bnn/process/stop_signal.h"

namespace bnn {
namespace {

// Image files that are decoded and predicted together: few at first, to answer soon.
constexpr std::size_t kFirstFiles = 16, kLastFiles = 256;

bool have_labels(const std::vector<PredictionInput>& inputs) {
  return std::any_of(inputs.begin(), inputs.end(),
                     [](const PredictionInput& input) { return input.data.has_labels(); });
}

void check_paths(const PredictOptions& options, const std::vector<PredictionInput>& inputs) {
  std::vector<std::string> read = run_files(options.checkpoint);
  read.insert(read.end(), options.inputs.begin(), options.inputs.end());
  for (const PredictionInput& input : inputs) {
    read.insert(read.end(), input.images.begin(), input.images.end());
  }
  check_outputs(
      {{"--output", options.output, !options.npy}, {"--save-samples", options.save_samples}}, read);
}

// True if the beginning of the output depends on standard input: the number of images in the array
// of --save-samples, or whether CSV has the column `label`.
bool begins_with_standard_input(const PredictOptions& options, const ModelCheckpoint& model,
                                const std::vector<PredictionInput>& inputs) {
  if (!options.save_samples.empty()) return true;
  const DataFormat format = model.config.data.format;
  const bool may_have_labels = format != DataFormat::idx && !has_image_files(format);
  return options.csv && may_have_labels && !have_labels(inputs);
}

void read_standard_input(std::vector<PredictionInput>& inputs, ImageReader& reader) {
  for (PredictionInput& input : inputs) {
    if (!input.is_standard_input) continue;
    input.data = reader.read_standard_input();
    input.examples = {0, input.data.size()};
    input.is_standard_input = false;
  }
}

std::size_t number_of_images(const std::vector<PredictionInput>& inputs) {
  std::size_t total = 0;
  for (const PredictionInput& input : inputs) total += input.size();
  return total;
}

// Keeps the images of the part, and returns their numbers among all.
ImageRange keep_part(std::vector<PredictionInput>& inputs, const Part& part) {
  const ImageRange range = part.range(number_of_images(inputs));
  if (part.parts == 1) return range;
  std::size_t first = 0;  // number of the input's first image
  for (PredictionInput& input : inputs) {
    const std::size_t size = input.size();
    const std::size_t begin = std::clamp(range.first, first, first + size) - first;
    const std::size_t end = std::clamp(range.last, first, first + size) - first;
    if (input.images.empty()) {
      input.examples = {begin, end};
    } else {
      input.images = {input.images.begin() + static_cast<std::ptrdiff_t>(begin),
                      input.images.begin() + static_cast<std::ptrdiff_t>(end)};
    }
    first += size;
  }
  return range;
}

// The file beside the checkpoint. One that is of no use is refused where the answer hangs on it:
// bnn-eval --ood writes it without being asked, and further training changes the weights.
std::optional<ClassGaussians> usable_gaussians(const PredictOptions& options,
                                               const ModelCheckpoint& model, RunLog& log) {
  try {
    return read_features(options.checkpoint, model);
  } catch (const Error& error) {
    if (options.abstain_score == &Summary::mahalanobis) throw;
    log.warning(fmt::format("{}; the score mahalanobis is left out", error.what()));
    return std::nullopt;
  }
}

// Throws Error(usage) if the answer hangs on a score that the checkpoint cannot have.
void require_score(const PredictOptions& options, const OutlierScorer& scorer) {
  if (options.abstain_score != &Summary::mahalanobis || scorer.size() == kAllOutlierScores) return;
  throw Error(ErrorKind::usage,
              fmt::format("--abstain-score mahalanobis: there is no {}; make it with bnn-eval "
                          "CHECKPOINT --fit-features",
                          shown_path(features_path(options.checkpoint))));
}

PredictionFormat format_of(const PredictOptions& options, const ModelCheckpoint& model,
                           const std::vector<PredictionInput>& inputs) {
  PredictionFormat format;
  format.csv = options.csv;
  format.class_names = model.class_names;
  format.classes = model.graph.outputs();
  format.top_k = options.top_k;
  format.abstain_above = options.abstain_above;
  format.abstain_below = options.abstain_below;
  format.abstain_score = options.abstain_score;
  format.prediction_sets = options.calibration.conformal.has_value();
  format.has_labels = have_labels(inputs);
  return format;
}

void predict_images(const std::vector<std::string>& paths, ImageReader& reader, RowMaker& rows) {
  std::size_t block = kFirstFiles;
  for (std::size_t next = 0; next < paths.size();) {
    rows.add(reader.read(paths, next, block));
    block = std::min(2 * block, kLastFiles);
  }
}

void predict_input(const PredictionInput& input, ImageReader& reader, RowMaker& rows) {
  if (input.is_standard_input) return rows.add(reader.read_standard_input());
  if (input.images.empty()) return rows.add(input.data, input.examples);
  predict_images(input.images, reader, rows);
}

// One answer for each path, as soon as no further path is there to go with it.
void predict_listed(PathList& list, ImageReader& reader, RowMaker& rows) {
  for (;;) {
    const std::vector<std::string> paths = list.next(kLastFiles);
    if (paths.empty()) return;
    Dataset data = reader.no_images_yet();
    const auto answer = [&] {
      rows.add(data);
      data = reader.no_images_yet();
    };
    for (const std::string& path : paths) {
      std::string problem;
      try {
        problem = reader.append_listed(path, data);
      } catch (const Error&) {
        answer();  // what came before the image that ends the program
        throw;
      }
      if (problem.empty()) continue;
      answer();
      rows.add_error(path, problem);
    }
    answer();
  }
}

// A data file has at least one image, so nothing is left only where images were skipped.
void require_rows(std::size_t rows, std::size_t skipped) {
  if (rows > 0 || skipped == 0) return;  // a part may have no image
  throw Error(ErrorKind::data, fmt::format("nothing was predicted: all images ({}) were skipped; "
                                           "expected at least one that can be decoded",
                                           skipped));
}

// Logs what happened to images, after all have been predicted.
void tell_images(const ImageReader& reader, const RowMaker& rows, const ModelCheckpoint& model,
                 RunLog& log) {
  if (rows.changes().any()) log.info(rows.changes().sentence(model.config.model.input));
  if (reader.skipped() == 0) return;
  log.warning(
      fmt::format("skipped {} of {} images", reader.skipped(), rows.rows() + reader.skipped()));
}

}  // namespace

int run_prediction(const PredictOptions& options) {
  std::vector<std::string> names = options.inputs;
  if (!options.inputs_from.empty()) names.push_back(options.inputs_from);
  check_standard_input(names);
  std::optional<PathList> list;
  if (!options.inputs_from.empty()) list.emplace(options.inputs_from);
  const ModelCheckpoint model = load_model(options.checkpoint, options.threads);
  prediction_spec(options.sampling, model).products.prepare(options.threads);
  RunLog log("bnn-predict", options.verbosity);
  std::vector<PredictionInput> inputs = find_inputs(options.inputs, model, log);
  check_paths(options, inputs);
  const ImageRange range = keep_part(inputs, options.part);
  ImageReader reader(model, options.skip_errors, log);
  if (begins_with_standard_input(options, model, inputs)) read_standard_input(inputs, reader);

  PredictionSpec spec = prediction_spec(options.sampling, model);
  const AppliedCalibration calibration =
      apply_calibration(options.calibration, options.checkpoint, model, spec,
                        [&](const std::string& text) { log.warning(text); });
  spec.temperature = calibration.temperature;
  log.detail("matrix products: " + spec.products.name());
  const GracefulStop stops_tidily;
  ThreadPool pool(options.threads);
  const std::optional<ClassGaussians> gaussians = usable_gaussians(options, model, log);
  const OutlierScorer scorer(gaussians ? &*gaussians : nullptr);
  require_score(options, scorer);
  Predictor predictor(model.graph, *model.likelihood, model.parameters, spec, pool, &scorer);
  predictor.check_often(stop_if_asked);
  const auto classes = static_cast<std::size_t>(model.graph.outputs());
  const auto passes = static_cast<std::size_t>(spec.passes());
  std::optional<NpyWriter> samples;
  if (!options.save_samples.empty()) {
    samples.emplace(options.save_samples, passes, number_of_images(inputs), classes);
  }
  PredictionFormat format = format_of(options, model, inputs);
  format.scores = scorer.size();
  // The part that has the first image: the first parts of very many may have none.
  format.has_header = options.part.parts == 1 || (range.first == 0 && range.last > 0);
  PredictionWriter out(format, options.npy, options.output);

  RowMaker rows(model, predictor, {calibration.conformal, samples ? &*samples : nullptr, out},
                list ? ImageRange{} : range, log);
  for (const PredictionInput& input : inputs) predict_input(input, reader, rows);
  if (list) predict_listed(*list, reader, rows);
  if (!list) require_rows(rows.rows(), reader.skipped());
  if (samples) samples->finish();
  out.finish();
  log.clear_progress();
  tell_images(reader, rows, model, log);
  return 0;
}

}  // namespace bnn
