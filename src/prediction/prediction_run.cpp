#include "bnn/prediction/prediction_run.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <numeric>
#include <unistd.h>

#include "bnn/checkpoint/model_checkpoint.h"
#include "bnn/checkpoint/run_folder.h"
#include "bnn/core/display_text.h"
#include "bnn/files/npy.h"
#include "bnn/infer/class_summaries.h"
#include "bnn/infer/predictor.h"
#include "bnn/math/blas.h"
#include "bnn/prediction/path_list.h"
#include "bnn/prediction/prediction_inputs.h"
#include "bnn/prediction/prediction_writer.h"
#include "bnn/process/output_paths.h"
#include "bnn/process/stop_signal.h"

namespace bnn {
namespace {

// The weights are drawn anew for each block: small ones answer soon, large ones cost less an image.
constexpr std::size_t kFirstBlock = 16, kLastBlock = 2048, kLastFiles = 256;

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
  const bool may_have_labels = format != DataFormat::idx && format != DataFormat::folder;
  return options.csv && may_have_labels && !have_labels(inputs);
}

void read_standard_input(std::vector<PredictionInput>& inputs, ImageReader& reader) {
  for (PredictionInput& input : inputs) {
    if (!input.is_standard_input) continue;
    input.data = reader.read_standard_input();
    input.is_standard_input = false;
  }
}

std::size_t number_of_images(const std::vector<PredictionInput>& inputs) {
  std::size_t total = 0;
  for (const PredictionInput& input : inputs) total += input.size();
  return total;
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

// Predicts sets of images, which may be empty, one after the other and writes a row for each image.
class RowMaker {
 public:
  /// @param total images, for the progress line; 0 if that is not known
  RowMaker(const ModelCheckpoint& model, const std::optional<ConformalRule>& conformal,
           Predictor& predictor, NpyWriter* samples, PredictionWriter& out, std::size_t total,
           RunLog& log)
      : log_(log),
        total_(total),
        standardizer_(model.standardization),
        conformal_(conformal),
        predictor_(predictor),
        samples_(samples),
        out_(out) {}

  void add(const Dataset& data) {
    if (data.size() == 0) return;
    changes_.add(data.changes());
    std::vector<std::uint32_t> chosen(data.size());
    std::iota(chosen.begin(), chosen.end(), 0u);
    for (std::size_t first = 0; first < chosen.size();) {
      const auto part = std::span(chosen).subspan(first, std::min(block_, chosen.size() - first));
      predictor_.predict(data, standardizer_, part,
                         [&](const PredictedBlock& block) { add_block(data, block); });
      first += part.size();
      block_ = std::min(2 * block_, kLastBlock);
    }
  }

  void add_error(const std::string& input, const std::string& problem) {
    out_.write_error(index_++, input, problem);
    out_.flush();
    ++errors_;
  }

  std::size_t rows() const { return index_ - errors_; }
  const ImageChanges& changes() const { return changes_; }

 private:
  void add_block(const Dataset& data, const PredictedBlock& block) {
    const std::size_t count = block.examples.size();
    if (samples_ != nullptr) samples_->write_block(index_, count, block.predictions);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t example = block.examples[i];
      PredictionRow row{index_++, input_name(data, example), {}, summary_of(block, i), {}};
      if (data.has_labels()) row.label = data.labels()[example];
      if (conformal_) row.prediction_set = prediction_set(*conformal_, row.summary.probabilities);
      out_.write(row);
    }
    out_.flush();
    show_progress();
  }

  // Rows on the same terminal would break the line; they show progress themselves.
  void show_progress() {
    if (total_ == 0 || isatty(STDOUT_FILENO) == 1 || !log_.progress_is_due()) return;
    const double share = static_cast<double>(index_) / static_cast<double>(total_);
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    log_.progress(fmt::format("predicted {} of {} images  ETA {}", index_, total_,
                              duration_text(seconds * (1 - share) / share)));
  }

  using Clock = std::chrono::steady_clock;

  RunLog& log_;
  std::size_t total_;  // images, 0 if that is not known
  const Clock::time_point start_ = Clock::now();
  const Standardizer standardizer_;
  const std::optional<ConformalRule>& conformal_;
  Predictor& predictor_;
  NpyWriter* samples_;
  PredictionWriter& out_;
  std::size_t index_ = 0, errors_ = 0;
  std::size_t block_ = kFirstBlock;
  ImageChanges changes_;
};

void predict_images(const std::vector<std::string>& paths, ImageReader& reader, RowMaker& rows) {
  std::size_t block = kFirstBlock;
  for (std::size_t next = 0; next < paths.size();) {
    rows.add(reader.read(paths, next, block));
    block = std::min(2 * block, kLastFiles);
  }
}

void predict_input(const PredictionInput& input, ImageReader& reader, RowMaker& rows) {
  if (input.is_standard_input) return rows.add(reader.read_standard_input());
  if (input.images.empty()) return rows.add(input.data);
  predict_images(input.images, reader, rows);
}

// One answer for each path, as soon as no further path is there to go with it.
void predict_listed(PathList& list, ImageReader& reader, RowMaker& rows) {
  for (;;) {
    const std::vector<std::string> paths = list.next(kLastFiles);
    if (paths.empty()) return;
    Dataset data = reader.no_images_yet();
    for (const std::string& path : paths) {
      const std::string problem = reader.append_listed(path, data);
      if (problem.empty()) continue;
      rows.add(data);
      rows.add_error(path, problem);
      data = reader.no_images_yet();
    }
    rows.add(data);
  }
}

// A data file has at least one image, so nothing is left only where images were skipped.
void require_rows(std::size_t rows, std::size_t skipped) {
  if (rows > 0) return;
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
  prepare_blas(options.threads);
  RunLog log("bnn-predict", options.verbosity);
  std::vector<PredictionInput> inputs = find_inputs(options.inputs, model, log);
  check_paths(options, inputs);
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
  Predictor predictor(model.graph, *model.likelihood, model.parameters, spec, pool);
  predictor.check_often(stop_if_asked);
  const auto classes = static_cast<std::size_t>(model.graph.outputs());
  const auto passes = static_cast<std::size_t>(spec.passes());
  std::optional<NpyWriter> samples;
  if (!options.save_samples.empty()) {
    samples.emplace(options.save_samples, passes, number_of_images(inputs), classes);
  }
  PredictionWriter out(format_of(options, model, inputs), options.npy, options.output);

  RowMaker rows(model, calibration.conformal, predictor, samples ? &*samples : nullptr, out,
                list ? 0 : number_of_images(inputs), log);
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
