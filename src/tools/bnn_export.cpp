#include "bnn/export/export_run.h"
#include "commands.h"
#include "printed_texts.h"
#include "program.h"

namespace {

constexpr auto kExportDescription =
    "Writes a trained network as a file that other programs run: ONNX, opset 13. Its input is\n"
    "\"images\" (N, channels, height, width) with pixels from 0 to 1; its outputs are\n"
    "probabilities, predictive_entropy, expected_entropy and mutual_information. It holds samples\n"
    "of the weights, so that it gives the same numbers in every run.\n";

constexpr auto kExportExamples =
    "\nExamples:\n"
    "  bnn-export last.safetensors --output lenet.onnx\n"
    "  bnn-export last.safetensors --output lenet.onnx --samples 32 --temperature\n"
    "  bnn-export last.safetensors --output mean.onnx --mean-weights\n";

}  // namespace

int bnn::export_command(int argc, char** argv) {
  bnn::ExportOptions options;
  std::string format = "onnx";
  CLI::App app(kExportDescription, "bnn-export");
  app.footer(kExportExamples);
  app.add_option("CHECKPOINT", options.checkpoint, "A checkpoint of bnn-train")->required();
  app.option_defaults()->group("Output");
  app.add_option("--format", format, "onnx (default)")
      ->check(CLI::IsMember({"onnx"}))
      ->option_text("NAME");
  app.add_option("--output", options.output, "The file to write")->option_text("FILE")->required();
  app.option_defaults()->group("Samples of the weights");
  auto* mean = app.add_flag("--mean-weights", options.sampling.mean_weights,
                            "The posterior means alone: one pass");
  app.add_option("--samples", options.sampling.samples,
                 "Samples of the weights in the file (default 8); each is as large as the network")
      ->check(bnn::whole_number(1, 65536))
      ->option_text("S")
      ->excludes(mean);
  app.add_option("--seed", options.sampling.seed, "Seed of the samples (default: the run's)")
      ->check(bnn::whole_number())
      ->option_text("N");
  app.add_flag("--temperature", options.temperature,
               "Scale probabilities by the temperature that bnn-eval --fit-calibration stored")
      ->group("Calibration");
  const bnn::CommonOptions common{options.threads, options.verbosity};
  bnn::add_common_options(app, common);
  bnn::add_printed_texts(app);
  return bnn::run_program(app, argc, argv, [&] { return bnn::run_export(options); });
}
