#include "bnn/evaluation/report_writer.h"

#include <algorithm>
#include <fmt/format.h>
#include <span>
#include <utility>

#include "bnn/checkpoint/run_folder.h"
#include "bnn/core/display_text.h"
#include "bnn/core/input_file.h"
#include "bnn/report/report_page.h"

namespace bnn {
namespace {

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// The split or the files, by names without folders.
std::string data_text(const EvalOptions& options, const Dataset& data) {
  constexpr std::size_t kNamed = 3;
  const std::vector<Provenance::File>& files = data.provenance().files();
  std::string text = options.files.empty() ? options.split + ": " : "";
  for (std::size_t i = 0; i < std::min(kNamed, files.size()); ++i) {
    text += (i > 0 ? ", " : "") + file_name(files[i].name);
  }
  if (files.size() > kNamed) {
    text += fmt::format(" and {} more", files.size() - kNamed);
  }
  return text;
}

}  // namespace

TrainingHistory training_history(const EvalOptions& options, RunLog& log) {
  TrainingHistory history;
  const std::string folder = run_folder_of(options.checkpoint);
  if (options.report.empty() || folder.empty()) return history;
  const std::string path = folder + "/metrics.jsonl";
  const auto warn = [&](const std::string& text) {
    log.warning(printable_line("--report: " + text));
  };
  try {
    history = read_training_history(path);
  } catch (const Error& error) {
    history.unreadable = true;
    warn(fmt::format("no training curves: {}", error.what()));
    return history;
  }
  if (history.damaged_lines > 0) {
    warn(fmt::format(
        "{}: left out {} that could not be read", shown_path(path),
        history.damaged_lines == 1 ? "one line" : fmt::format("{} lines", history.damaged_lines)));
  }
  if (!history.has_curves()) {
    history.unreadable = true;
    warn(fmt::format("no training curves: {} has no whole line of an epoch", shown_path(path)));
  }
  return history;
}

ReportWriter::ReportWriter(const EvalOptions& options, const ModelCheckpoint& model,
                           TrainingHistory history)
    : options_(options), model_(model), history_(std::move(history)), file_(options.report) {}

void ReportWriter::finish(const Evaluation& evaluation, const EvaluationImages& images,
                          const EvaluationImages* outside) {
  const PredictionSpec spec = prediction_spec(options_.sampling, model_);
  ReportContents contents;
  contents.source = {model_.config.name, file_name(options_.checkpoint),
                     data_text(options_, images.data), spec.seed, spec.mean_weights};
  contents.evaluation = evaluation;
  contents.inside = examples_.inside();
  contents.outside = examples_.outside();
  contents.galleries = {
      make_gallery("Most certain and wrong",
                   "The errors of the highest confidence. Wrong labels are often among them.",
                   examples_.certain_and_wrong(), images.data),
      make_gallery("Most uncertain",
                   "The highest predictive entropy, which is the whole uncertainty.",
                   examples_.most_uncertain(), images.data),
      make_gallery("Most disputed",
                   "The highest mutual information: here the samples of the weights disagree most.",
                   examples_.most_disputed(), images.data)};
  if (outside != nullptr) {
    contents.galleries.push_back(
        make_gallery("Out of distribution and certain",
                     "The out-of-distribution images that the network is surest of.",
                     examples_.outside_certain(), outside->data));
  }
  contents.posterior = posterior_report(model_.graph.layout(), model_.parameters);
  contents.history = history_;
  const std::string page = report_page(contents);
  file_.write(std::as_bytes(std::span(page)));
  file_.commit();
}

}  // namespace bnn
