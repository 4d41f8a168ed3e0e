#include "bnn/app/prediction_run.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <numeric>
#include <span>

#include "bnn/app/atomic_file.h"
#include "bnn/app/model_checkpoint.h"
#include "bnn/app/npy.h"
#include "bnn/app/prediction_output.h"
#include "bnn/app/stop_signal.h"
#include "bnn/data/dataset.h"
#include "bnn/infer/predictor.h"
#include "bnn/math/blas.h"

namespace bnn {
namespace {

// Lines to standard output as they come, or to a file that appears when it is whole.
class LineWriter {
 public:
  explicit LineWriter(const std::string& path) {
    if (!path.empty()) file_.emplace(path);
  }

  void write(const std::string& line) {
    if (file_) {
      file_->write(std::as_bytes(std::span(line)));
    } else if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size()) {
      throw Error(ErrorKind::io, std::string("standard output: ") + std::strerror(errno));
    }
  }
  // Lines so far reach their reader, or the run ends because nobody reads them.
  void flush() {
    if (!file_ && std::fflush(stdout) != 0) {
      throw Error(ErrorKind::io, std::string("standard output: ") + std::strerror(errno));
    }
  }
  void finish() {
    if (file_) file_->commit();
  }

 private:
  std::optional<AtomicFile> file_;
};

// All inputs are read and checked before the first line is written.
std::vector<Dataset> load_inputs(const PredictOptions& options, const ModelCheckpoint& model) {
  std::vector<Dataset> inputs;
  for (const std::string& input : options.inputs) {
    inputs.push_back(load_dataset(model.config.data, FileSet{{input}, "", ""}, "",
                                  model.config.model.input, model.graph.classes()));
  }
  return inputs;
}

std::string file_name(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

}  // namespace

int run_prediction(const PredictOptions& options) {
  const ModelCheckpoint model = load_model(options.checkpoint);
  prepare_blas(options.threads);
  const std::vector<Dataset> inputs = load_inputs(options, model);
  std::size_t total = 0;
  PredictionFormat format{options.csv,   model.class_names,     model.graph.classes(),
                          options.top_k, options.abstain_above, false};
  for (const Dataset& input : inputs) {
    total += input.size();
    format.has_labels = format.has_labels || !input.labels.empty();
  }

  const PredictionSpec spec = prediction_spec(options.sampling, model.config);
  ThreadPool pool(options.threads);
  Predictor predictor(model.graph, model.parameters, spec, pool);
  const auto classes = static_cast<std::size_t>(model.graph.classes());
  const auto passes = static_cast<std::size_t>(spec.passes());
  std::optional<NpyWriter> samples;
  if (!options.save_samples.empty()) samples.emplace(options.save_samples, passes, total, classes);
  LineWriter out(options.output);

  out.write(prediction_header(format));
  std::size_t index = 0;
  for (const Dataset& input : inputs) {
    std::vector<std::uint32_t> chosen(input.size());
    std::iota(chosen.begin(), chosen.end(), 0u);
    const Loader loader(input, chosen, model.standardization, false, 0, 0);
    predictor.predict(input, loader, chosen, [&](const PredictedBlock& block) {
      stop_if_asked();
      const std::size_t count = block.examples.size();
      if (samples) samples->write_block(index, count, block.probabilities);
      for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t example = block.examples[i];
        PredictionRow row;
        row.index = index++;
        row.input = file_name(input.file_of(example).name) + "#" +
                    std::to_string(input.index_in_file(example));
        if (!input.labels.empty()) row.label = input.labels[example];
        row.summary = block.summary(i);
        out.write(prediction_line(format, row));
      }
      out.flush();
    });
  }
  if (samples) samples->finish();
  out.finish();
  return 0;
}

}  // namespace bnn
