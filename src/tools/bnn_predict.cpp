#include <algorithm>
#include <string>
#include <vector>

#include "bnn/core/error.h"
#include "bnn/prediction/prediction_run.h"
#include "commands.h"
#include "printed_texts.h"
#include "program.h"

namespace {

constexpr auto kPredictDescription =
    "Predicts the class of each image with its uncertainty: one line per image on stdout.\n"
    "predictive_entropy is all of the uncertainty, expected_entropy its part in the data,\n"
    "mutual_information its part in the model; all in nats.\n";

constexpr auto kPredictExamples =
    "\nExamples:\n"
    "  bnn-predict last.safetensors test_batch.bin --format csv --output predictions.csv\n"
    "  bnn-predict last.safetensors photos/ cat.png --skip-errors --top-k 3\n"
    "  head -c 3073 test_batch.bin | bnn-predict last.safetensors - --abstain-above 0.5\n";

// The scores that --abstain-above goes with, then the one that is high where the network is sure.
std::vector<std::string> score_names() {
  std::vector<std::string> names;
  for (const bnn::UncertaintyScore& score : bnn::kUncertaintyScores) names.emplace_back(score.name);
  names.insert(names.end(), {"energy", "mahalanobis"});
  names.emplace_back("confidence");
  return names;
}

void set_score(const std::string& name, bnn::PredictOptions& options) {
  for (const bnn::UncertaintyScore& score : bnn::kUncertaintyScores) {
    if (name == score.name) options.abstain_score = score.value;
  }
  for (const bnn::OutlierScore& score : bnn::kOutlierScores) {
    if (name == score.name) options.abstain_score = score.value;
  }
  if (name == "confidence" && (options.abstain_above || !options.abstain_below)) {
    throw bnn::Error(bnn::ErrorKind::usage,
                     "--abstain-score confidence: a low confidence means doubt; use "
                     "--abstain-below X instead of --abstain-above");
  }
}

// Options that would do nothing together.
// @param names_score which --abstain-above would be compared with
void check(const bnn::PredictOptions& options, bool names_score) {
  const bool abstains = options.abstain_above || options.abstain_below;
  bnn::refuse_if(options.inputs.empty() && options.inputs_from.empty(),
                 "INPUT is required, except with --inputs-from FILE");
  bnn::refuse_if(!options.inputs_from.empty() && !options.save_samples.empty(),
                 "--save-samples cannot go with --inputs-from: the number of images is not known");
  bnn::refuse_if(
      !options.inputs_from.empty() && options.csv && options.skip_errors,
      "--format csv cannot go with --inputs-from and --skip-errors: it has no lines for broken "
      "images");
  bnn::refuse_if(
      options.part.parts > 1 &&
          (options.skip_errors || !options.inputs_from.empty() ||
           std::find(options.inputs.begin(), options.inputs.end(), "-") != options.inputs.end()),
      "--part cannot go with --skip-errors, --inputs-from or standard input: the numbers of "
      "images would not be known");
  const bool may_be_negative = options.abstain_score == &bnn::Summary::energy;
  bnn::refuse_if(
      options.abstain_above && *options.abstain_above < 0 && !may_be_negative,
      "--abstain-above: expected a number of at least 0, since the score is never below");
  bnn::refuse_if(names_score && !options.abstain_above, "--abstain-score needs --abstain-above X");
  if (!options.npy) return;
  bnn::refuse_if(!options.inputs_from.empty(),
                 "NumPy's format cannot go with --inputs-from: answers would come all at once");
  bnn::refuse_if(options.output.empty(), "--format npy needs --output FILE");
  bnn::refuse_if(
      options.skip_errors,
      "NumPy's format cannot go with --skip-errors: its rows would not say which images they are");
  bnn::refuse_if(
      options.top_k > 0 || abstains || options.calibration.conformal.has_value(),
      "NumPy's format holds probabilities alone; --top-k, --abstain-above, --abstain-below and "
      "--conformal need jsonl or csv");
}

// By the ending of the output's name.
std::string format_of(const std::string& output) {
  if (output.ends_with(".csv")) return "csv";
  return output.ends_with(".npy") ? "npy" : "jsonl";
}

}  // namespace

int bnn::predict_command(int argc, char** argv) {
  bnn::PredictOptions options;
  std::string format, score = bnn::kUncertaintyScores.front().name;
  CLI::App app(kPredictDescription, "bnn-predict");
  app.footer(kPredictExamples);
  app.add_option("CHECKPOINT", options.checkpoint, "A checkpoint of bnn-train")->required();
  app.add_option("INPUT", options.inputs,
                 "Image files, folders of them, files in the checkpoint's own data format; "
                 "- is standard input, read when it is reached");
  app.option_defaults()->group("Images");
  app.add_option(
         "--inputs-from", options.inputs_from,
         "Read the paths of image files from this file, one a line, and answer each at once; "
         "- is standard input")
      ->option_text("FILE");
  bnn::add_sampling_options(app, options.sampling);
  app.option_defaults()->group("Output");
  app.add_option(
         "--format", format,
         "jsonl, csv, or npy: mean probabilities (N, K), float32, into --output (default: by "
         "the ending of --output, or else jsonl)")
      ->check(CLI::IsMember({"jsonl", "csv", "npy"}))
      ->option_text("NAME");
  app.add_option(
         "--output", options.output,
         "Write to this file, which appears when it is complete (default and -: standard output)")
      ->option_text("FILE");
  app.add_option("--top-k", options.top_k, "Also list the K most probable classes")
      ->check(bnn::whole_number(1, 1000000))
      ->option_text("K");
  app.add_option("--abstain-above", options.abstain_above,
                 "Set abstain where the score is above this (entropies and energy: in nats)")
      ->check(bnn::finite_number())
      ->option_text("X");
  auto* abstain_score =
      app.add_option(
             "--abstain-score", score,
             "The score: predictive_entropy (default), expected_entropy, mutual_information, "
             "variation_ratio, energy, mahalanobis, or confidence, which goes with "
             "--abstain-below")
          ->check(CLI::IsMember(score_names()))
          ->option_text("NAME");
  app.add_option("--abstain-below", options.abstain_below,
                 "Set abstain where the confidence is below this")
      ->check(bnn::non_negative_number())
      ->option_text("X");
  auto* skip = app.add_flag(
      "--skip-errors", options.skip_errors,
      "Report images that cannot be decoded on stderr and skip them; fail if none can be "
      "decoded");
  skip->group("Images");
  app.add_option("--save-samples", options.save_samples,
                 "Write every sample's class probabilities: NPY, float32, (S, N, K)")
      ->option_text("FILE.npy")
      ->excludes(skip);  // N would not be known
  bnn::add_part_option(app, options.part,
                       "Predict the K-th of N parts of the images; the outputs of all parts, one "
                       "after the other, are that of all images");
  bnn::add_calibration_options(app, options.calibration);
  const bnn::CommonOptions common{options.threads, options.verbosity};
  bnn::add_common_options(app, common);
  bnn::add_printed_texts(app);
  return bnn::run_program(app, argc, argv, [&] {
    if (format.empty()) format = format_of(options.output);
    options.csv = format == "csv";
    options.npy = format == "npy";
    set_score(score, options);
    check(options, abstain_score->count() > 0 && score != "confidence");
    return bnn::run_prediction(options);
  });
}
