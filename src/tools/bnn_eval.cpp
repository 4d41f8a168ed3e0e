#include "bnn/app/evaluation_run.h"
#include "program.h"

namespace {

constexpr auto kDescription =
    "Evaluates a checkpoint on labelled images: accuracy, likelihood, calibration and\n"
    "uncertainty, averaged over Monte Carlo samples of the weights. The report goes to stdout.\n";

constexpr auto kExamples =
    "\nExamples:\n"
    "  bnn-eval runs/lenet5/checkpoints/last.safetensors\n"
    "  bnn-eval last.safetensors --files test_batch.bin --samples 64 --format json\n";

}  // namespace

int main(int argc, char** argv) {
  bnn::EvalOptions options;
  std::string format = "text";
  CLI::App app(kDescription, "bnn-eval");
  app.footer(kExamples);
  app.add_option("CHECKPOINT", options.checkpoint, "A checkpoint of bnn-train")->required();
  app.add_option("--data", options.data,
                 "Where the data files lie (default: as the run folder records)")
      ->option_text("DIR");
  auto* split = app.add_option("--split", options.split, "test (default), validation or train")
                    ->check(CLI::IsMember({"test", "validation", "train"}))
                    ->option_text("NAME");
  app.add_option("--files", options.files,
                 "Evaluate these files instead; for idx the images, then the labels")
      ->option_text("FILE")
      ->excludes(split);
  app.add_option("--samples", options.sampling.samples,
                 "Monte Carlo samples of the weights (default: the config's)")
      ->check(CLI::Range(1, 65536))
      ->option_text("S");
  app.add_flag("--mean-weights", options.sampling.mean_weights,
               "One pass with the posterior means and no noise");
  app.add_option("--seed", options.sampling.seed, "Seed of the samples (default: the run's)")
      ->check(bnn::whole_number())
      ->option_text("N");
  app.add_option("--format", format, "text (default) or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->option_text("NAME");
  app.add_option("--save-samples", options.save_samples,
                 "Write every sample's class probabilities: NPY, float32, (S, N, K)")
      ->option_text("FILE.npy");
  app.add_option("--ood", options.ood,
                 "Out-of-distribution images: how well uncertainty tells them apart")
      ->option_text("FILE");
  const bnn::CommonOptions common{options.threads, options.verbosity};
  bnn::add_common_options(app, common);
  return bnn::run_program(app, argc, argv, [&] {
    options.json = format == "json";
    return bnn::run_evaluation(options);
  });
}
