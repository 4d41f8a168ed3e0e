#include "bnn/app/prediction_run.h"
#include "program.h"

namespace {

constexpr auto kDescription =
    "Predicts the class of each image with its uncertainty: one line an image on stdout.\n"
    "predictive_entropy is all of the uncertainty, expected_entropy the part that lies in the\n"
    "data, mutual_information the part that lies in the model; all in nats.\n";

constexpr auto kExamples =
    "\nExamples:\n"
    "  bnn-predict last.safetensors test_batch.bin --format csv --output predictions.csv\n"
    "  head -c 3073 test_batch.bin | bnn-predict last.safetensors - --abstain-above 0.5\n";

}  // namespace

int main(int argc, char** argv) {
  bnn::PredictOptions options;
  std::string format = "jsonl";
  CLI::App app(kDescription, "bnn-predict");
  app.footer(kExamples);
  app.add_option("CHECKPOINT", options.checkpoint, "A checkpoint of bnn-train")->required();
  app.add_option("INPUT", options.inputs,
                 "Files in the checkpoint's own data format; - is standard input")
      ->required();
  app.add_option("--samples", options.sampling.samples,
                 "Monte Carlo samples of the weights (default: the config's)")
      ->check(CLI::Range(1, 65536))
      ->option_text("S");
  app.add_flag("--mean-weights", options.sampling.mean_weights,
               "One pass with the posterior means and no noise");
  app.add_option("--seed", options.sampling.seed, "Seed of the samples (default: the run's)")
      ->check(bnn::whole_number())
      ->option_text("N");
  app.add_option("--format", format, "jsonl (default) or csv")
      ->check(CLI::IsMember({"jsonl", "csv"}))
      ->option_text("NAME");
  app.add_option("--output", options.output, "Write to this file, which appears when it is whole")
      ->option_text("FILE");
  app.add_option("--top-k", options.top_k, "Also list the K most probable classes")
      ->check(CLI::Range(1, 1000000))
      ->option_text("K");
  app.add_option("--abstain-above", options.abstain_above,
                 "Set abstain where the predictive entropy is above this")
      ->check(bnn::non_negative_number())
      ->option_text("NATS");
  app.add_option("--save-samples", options.save_samples,
                 "Write every sample's class probabilities: NPY, float32, (S, N, K)")
      ->option_text("FILE.npy");
  const bnn::CommonOptions common{options.threads, options.verbosity};
  bnn::add_common_options(app, common);
  return bnn::run_program(app, argc, argv, [&] {
    options.csv = format == "csv";
    return bnn::run_prediction(options);
  });
}
