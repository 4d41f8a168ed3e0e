#pragma once
// Everything that the page of a report shows.

#include <cstdint>
#include <string>
#include <vector>

#include "bnn/infer/evaluation.h"
#include "bnn/report/report_collector.h"
#include "bnn/report/report_galleries.h"
#include "bnn/report/report_history.h"
#include "bnn/report/report_posterior.h"

namespace bnn {

/// What was evaluated, in names without folders.
struct ReportSource {
  std::string model, checkpoint;
  std::string data;  // "test split: t10k-images-idx3-ubyte.gz"
  std::uint64_t seed = 0;
  bool mean_weights = false;  // one pass with the posterior's means
};

/// What is empty has no section.
struct ReportContents {
  ReportSource source;
  Evaluation evaluation;
  std::vector<ExampleScore> inside, outside;  // scores of its examples, and of those of --ood
  std::vector<Gallery> galleries;
  PosteriorReport posterior;
  TrainingHistory history;
};

}  // namespace bnn
