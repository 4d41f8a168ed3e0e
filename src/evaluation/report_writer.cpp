#include "bnn/evaluation/report_writer.h"

#include <algorithm>
#include <span>

#include "bnn/checkpoint/run_folder.h"
#include "bnn/report/report_page.h"

namespace bnn {
namespace {

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// The split or the files, by names without folders.
std::string data_text(const EvalOptions& options, const Dataset& data) {
  constexpr std::size_t kNamed = 3;
  std::string text = options.files.empty() ? options.split + ": " : "";
  for (std::size_t i = 0; i < std::min(kNamed, data.files.size()); ++i) {
    text += (i > 0 ? ", " : "") + file_name(data.files[i].name);
  }
  if (data.files.size() > kNamed) {
    text += " and " + std::to_string(data.files.size() - kNamed) + " more";
  }
  return text;
}

}  // namespace

ReportWriter::ReportWriter(const EvalOptions& options, const ModelCheckpoint& model)
    : options_(options), model_(model), file_(options.report) {}

void ReportWriter::finish(const Evaluation& evaluation, const EvaluationImages& images,
                          const EvaluationImages* outside) {
  const PredictionSpec spec = prediction_spec(options_.sampling, model_);
  const std::string folder = run_folder_of(options_.checkpoint);
  ReportContents contents;
  contents.source = {model_.config.name, file_name(options_.checkpoint),
                     data_text(options_, images.data), spec.seed, spec.mean_weights};
  contents.evaluation = evaluation;
  contents.inside = examples_.inside();
  contents.outside = examples_.outside();
  contents.galleries = {
      make_gallery("Most certain and wrong",
                   "The errors of the highest confidence: doubtful labels are often among them.",
                   examples_.certain_and_wrong(), images.data),
      make_gallery("Most uncertain", "The highest predictive entropy, which is all of the doubt.",
                   examples_.most_uncertain(), images.data),
      make_gallery("Most disputed",
                   "The highest mutual information: here the samples of the weights disagree most.",
                   examples_.most_disputed(), images.data)};
  if (outside != nullptr) {
    contents.galleries.push_back(make_gallery(
        "Out of distribution and certain", "Images of another kind that the network is surest of.",
        examples_.outside_certain(), outside->data));
  }
  contents.posterior = posterior_report(model_.graph.layout(), model_.parameters);
  if (!folder.empty()) contents.history = read_training_history(folder + "/metrics.jsonl");
  const std::string page = report_page(contents);
  file_.write(std::as_bytes(std::span(page)));
  file_.commit();
}

}  // namespace bnn
