#pragma once
// The HTML report of one evaluation, from the images as they go by to the file on the disk.

#include <cstdint>
#include <string>

#include "bnn/checkpoint/model_checkpoint.h"
#include "bnn/evaluation/evaluation_images.h"
#include "bnn/files/atomic_file.h"
#include "bnn/infer/evaluation.h"
#include "bnn/process/run_log.h"
#include "bnn/report/report_collector.h"
#include "bnn/report/report_history.h"

namespace bnn {

/// The curves of the run that the checkpoint lies in, for options.report. Empty for a checkpoint in
/// no run folder, because its history is not known, and without a report. What cannot be read is a
/// warning of the log.
TrainingHistory training_history(const EvalOptions& options, RunLog& log);

/// Begins a temporary file next to `options.report`, so that a folder that cannot be written is
/// found before the work. The report appears with `finish`, and never in parts. Not thread-safe.
class ReportWriter {
 public:
  /// Options and model must outlive the writer.
  ReportWriter(const EvalOptions& options, const ModelCheckpoint& model, TrainingHistory history);

  ReportCollector& examples() { return examples_; }

  /// @param outside the images of --ood, or null
  void finish(const Evaluation& evaluation, const EvaluationImages& images,
              const EvaluationImages* outside);

 private:
  const EvalOptions& options_;
  const ModelCheckpoint& model_;
  TrainingHistory history_;
  AtomicFile file_;
  ReportCollector examples_;
};

}  // namespace bnn
