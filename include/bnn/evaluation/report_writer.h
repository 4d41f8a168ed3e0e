#pragma once
// The HTML report of one evaluation, from the images as they go by to the file on the disk.

#include <cstdint>
#include <string>

#include "bnn/checkpoint/model_checkpoint.h"
#include "bnn/evaluation/evaluation_images.h"
#include "bnn/files/atomic_file.h"
#include "bnn/infer/evaluation.h"
#include "bnn/report/report_collector.h"

namespace bnn {

/// Begins the file beside `options.report`, so that a folder that cannot be written shows before
/// the work; the file appears with `finish`, and never in parts. Not thread-safe.
class ReportWriter {
 public:
  /// Both must outlive the writer.
  ReportWriter(const EvalOptions& options, const ModelCheckpoint& model);

  ReportCollector& examples() { return examples_; }

  /// @param outside the images of --ood, or null
  void finish(const Evaluation& evaluation, const EvaluationImages& images,
              const EvaluationImages* outside);

 private:
  const EvalOptions& options_;
  const ModelCheckpoint& model_;
  AtomicFile file_;
  ReportCollector examples_;
};

}  // namespace bnn
