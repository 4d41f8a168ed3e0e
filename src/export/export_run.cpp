#include "bnn/export/export_run.h"

#include <fmt/format.h>

#include "bnn/checkpoint/calibration_use.h"
#include "bnn/checkpoint/run_folder.h"
#include "bnn/core/input_file.h"
#include "bnn/export/onnx_network.h"
#include "bnn/files/atomic_file.h"
#include "bnn/process/output_paths.h"
#include "bnn/process/stop_signal.h"

namespace bnn {

int run_export(const ExportOptions& options) {
  RunLog log("bnn-export", options.verbosity);
  const ModelCheckpoint model = load_model(options.checkpoint, options.threads);
  check_outputs({{"--output", options.output}}, run_files(options.checkpoint));
  probe_writable(options.output);
  SampleOptions sampling = options.sampling;
  if (!sampling.samples) sampling.samples = kExportSamples;
  PredictionSpec spec = prediction_spec(sampling, model);
  const CalibrationOptions calibration{.temperature = options.temperature};
  spec.temperature =
      apply_calibration(calibration, options.checkpoint, model, spec, [&](const std::string& text) {
        log.warning(text);
      }).temperature;
  const GracefulStop stops_tidily;
  ThreadPool pool(options.threads);
  const OnnxModel network = onnx_network(model, spec, pool, stop_if_asked);
  const OnnxFile file = onnx_file(network);
  if (file.size() > kMaxOnnxBytes) {
    throw Error(ErrorKind::usage,
                "the file would have more than 2047 MiB, which ONNX does not "
                "allow; expected fewer --samples or --mean-weights");
  }
  stop_if_asked();
  write_file_atomically(options.output, file.parts);
  const std::string what = spec.mean_weights
                               ? "the mean weights"
                               : fmt::format("{} samples of the weights", spec.samples);
  log.info(
      fmt::format("wrote {}: {}, {:.1f} MB; input \"images\", pixels from 0 to 1, channels "
                  "before rows and columns",
                  shown_path(options.output), what, static_cast<double>(file.size()) / 1e6));
  return 0;
}

}  // namespace bnn
