#include "bnn/core/error.h"
#include "bnn/core/input_file.h"
#include "bnn/corruption/corruption.h"
#include "bnn/evaluation/evaluation_run.h"
#include "commands.h"
#include "printed_texts.h"
#include "program.h"

namespace {

constexpr auto kEvalDescription =
    "Evaluates a checkpoint on labelled images: accuracy, likelihood, calibration and\n"
    "uncertainty, averaged over Monte Carlo samples of the weights, with intervals, and the same\n"
    "for the mean weights. The results go to stdout.\n";

constexpr auto kEvalExamples =
    "\nExamples:\n"
    "  bnn-eval runs/lenet5/checkpoints/last.safetensors\n"
    "  bnn-eval last.safetensors --files test_batch.bin --samples 64 --format json\n"
    "  bnn-eval runs/a/checkpoints/last.safetensors runs/b/checkpoints/last.safetensors\n"
    "  bnn-eval last.safetensors --ood test_batch.bin --ood-format cifar10 --ood-resize\n"
    "  bnn-eval last.safetensors --part 1/2 --output 1.part\n"
    "  bnn-eval --merge 1.part 2.part\n";

// An option that takes a list also takes a checkpoint that follows it. Then no checkpoint is left.
CLI::Validator no_checkpoint() {
  const auto check = [](const std::string& word) {
    return word.ends_with(".safetensors") ? bnn::shown_path(word) +
                                                " is a checkpoint; name it first, since this "
                                                "option takes the words that follow"
                                          : std::string();
  };
  return CLI::Validator(check, "");
}

void add_ood_options(CLI::App& app, bnn::EvalOptions& options) {
  auto* ood =
      app.add_option("--ood", options.ood,
                     "Out-of-distribution images (data files, image files, folders of them): "
                     "how well uncertainty detects them")
          ->check(no_checkpoint())
          ->option_text("FILE");
  app.add_flag("--ood-resize", options.ood_resize,
               "Resize and convert --ood images of another shape to the model's input")
      ->needs(ood);
  app.add_option("--ood-format", options.ood_format,
                 "Format of the data files of --ood (default: idx by its header, or else the "
                 "checkpoint's)")
      ->check(CLI::IsMember({"cifar10", "cifar100", "idx"}))
      ->option_text("NAME")
      ->needs(ood);
}

// Options that a part of an evaluation, or the merging of parts, would ignore.
void check_parts(const CLI::App& app, const bnn::EvalOptions& options, bool is_part) {
  const auto given = [&](const char* name) { return app.get_option(name)->count() > 0; };
  bnn::refuse_if(options.merge.empty() && !given("CHECKPOINT"), "CHECKPOINT is required");
  bnn::refuse_if(is_part != !options.output.empty(),
                 "--part K/N and --output FILE need each other");
  if (is_part) {
    for (const char* name : {"--format", "--bootstrap", "--save-samples", "--report", "--merge",
                             "--fit-calibration", "--fit-features"}) {
      bnn::refuse_if(given(name),
                     std::string(name) + " cannot go with --part: a part has no results");
    }
  }
  if (options.merge.empty()) return;
  for (const CLI::Option* option : app.get_options()) {
    const std::string name = option->get_name();
    const bool goes = name == "--merge" || name == "--format" || name == "--bootstrap" ||
                      name == "--save-samples" || name == "--threads" || name == "--quiet" ||
                      name == "--verbose";
    bnn::refuse_if(
        option->count() > 0 && !goes,
        name + (name == "--report"
                    ? " cannot go with --merge: parts hold no images"
                    : " cannot go with --merge: give it to bnn-eval --part, for every part"));
  }
}

}  // namespace

int bnn::eval_command(int argc, char** argv) {
  bnn::EvalOptions options;
  std::string format = "text";
  std::vector<std::string> checkpoints;
  CLI::App app(kEvalDescription, "bnn-eval");
  app.footer(kEvalExamples);
  app.add_option(
      "CHECKPOINT", checkpoints,
      "A checkpoint of bnn-train; of several, the probabilities are averaged. Name it before "
      "--files, --ood, --prune and --corrupt, which take all words that follow");
  app.option_defaults()->group("Images");
  app.add_option("--data", options.data,
                 "Where the data files lie (default: as the run folder records)")
      ->option_text("DIR");
  auto* split = app.add_option("--split", options.split, "test (default), validation or train")
                    ->check(CLI::IsMember({"test", "validation", "train"}))
                    ->option_text("NAME");
  app.add_option("--files", options.files,
                 "Evaluate these files instead; for idx the images, then the labels")
      ->check(no_checkpoint())
      ->option_text("FILE")
      ->excludes(split);
  app.add_flag("--skip-errors", options.skip_errors,
               "Report images of class folders that cannot be decoded and evaluate the others");
  bnn::add_cache_option(app, options.cache, "Images");
  bnn::add_sampling_options(app, options.sampling);
  const auto* part = bnn::add_part_option(
      app, options.part,
      "Predict the K-th of N parts of the images into --output, for --merge: several processes "
      "share one evaluation");
  app.add_option("--merge", options.merge,
                 "Evaluate these outputs of all parts, with the results of one run")
      ->option_text("FILE")
      ->group("Images");
  app.option_defaults()->group("Output");
  app.add_option("--output", options.output, "Where the predictions of --part go")
      ->option_text("FILE");
  app.add_option("--bootstrap", options.bootstrap,
                 "Resamples for the 95 % intervals of the metrics (default 1000; 0: none)")
      ->check(bnn::whole_number(0, 100000))
      ->option_text("N");
  app.add_option("--format", format, "text (default) or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->option_text("NAME");
  app.add_option("--save-samples", options.save_samples,
                 "Write every sample's class probabilities: NPY, float32, (S, N, K)")
      ->option_text("FILE.npy");
  app.add_option("--report", options.report, "Write a page with figures and images: one HTML file")
      ->option_text("FILE.html");
  app.option_defaults()->group("More than the test images");
  add_ood_options(app, options);
  app.add_option("--prune", options.prune,
                 "Also evaluate without these shares of the weights, lowest |mean| / scale first")
      ->check(bnn::number_between(0, 1))
      ->option_text("SHARE");
  auto* corrupt =
      app.add_option(
             "--corrupt", options.corruptions,
             "Also evaluate corrupted copies of the images, five severities each; by default "
             "with all corruptions: " +
                 bnn::corruption_names())
          ->expected(0, 64)
          ->check(no_checkpoint())
          ->check(bnn::offered_words(bnn::corruption_names()))
          ->option_text("[NAME...]");
  bnn::add_calibration_options(app, options.calibration);
  app.add_flag("--fit-calibration", options.fit_calibration,
               "Instead of evaluating, fit temperature and conformal scores on the images that the "
               "run held out, and store them in CHECKPOINT.calibration.json")
      ->excludes(split, "--files", "--ood", "--corrupt", "--temperature", "--conformal",
                 "--save-samples", "--prune", "--report");
  app.add_flag("--fit-features", options.fit_features,
               "Instead of evaluating, fit the class Gaussians of the score mahalanobis to the "
               "images that the run trained on, and store them in CHECKPOINT.features.safetensors; "
               "--ood does the same where the file is missing")
      ->excludes(split, "--files", "--ood", "--corrupt", "--temperature", "--conformal",
                 "--save-samples", "--prune", "--report", "--fit-calibration", "--samples",
                 "--mean-weights", "--shared-draws", "--seed", "--bootstrap");
  const bnn::CommonOptions common{options.threads, options.verbosity};
  bnn::add_common_options(app, common);
  bnn::add_printed_texts(app);
  return bnn::run_program(app, argc, argv, [&] {
    check_parts(app, options, part->count() > 0);
    options.json = format == "json";
    if (!checkpoints.empty()) {
      options.checkpoint = checkpoints.front();
      options.members.assign(checkpoints.begin() + 1, checkpoints.end());
    }
    options.corrupt = corrupt->count() > 0;
    std::erase(options.corruptions, "");  // what --corrupt without names leaves
    return bnn::run_evaluation(options);
  });
}
