#pragma once
// What one evaluation computes: its streams, which are passes over images, and all that turns their
// predictions into numbers. A process that predicts and one that only counts share a plan. Plain
// values; thread-safe.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bnn/core/enum_names.h"
#include "bnn/core/json_reader.h"
#include "bnn/infer/conformal.h"
#include "bnn/infer/evaluation.h"

namespace bnn {

enum class StreamKind { samples, outside, mean_weights, corrupted, pruned };

constexpr EnumNames<StreamKind, 5> kStreamKindNames = {{{StreamKind::samples, "samples"},
                                                        {StreamKind::outside, "outside"},
                                                        {StreamKind::mean_weights, "mean_weights"},
                                                        {StreamKind::corrupted, "corrupted"},
                                                        {StreamKind::pruned, "pruned"}}};

/// One pass over the images of the evaluation, or over those of --ood.
struct EvaluationStream {
  StreamKind kind = StreamKind::samples;
  std::string corruption = {};  // of corrupted images
  int severity = 0;
  double removed = 0, kept = 1;  // shares of the random weights of a pruned network
};

struct EvaluationPlan {
  std::vector<EvaluationStream> streams = {};  // the first is of samples
  int classes = 0;
  std::vector<std::string> class_names = {};
  std::size_t samples = 1, members = 1;  // as in Evaluation
  SinglePass single_pass = SinglePass::no;
  std::optional<double> temperature = {};
  std::optional<ConformalRule> conformal = {};
  std::uint64_t bootstrap_seed = 0;
  std::size_t scores = 0;  // numbers of an image and pass, of kOutlierScores, in scored streams
};

/// Whether the passes of a stream of this kind are scored for images of another kind.
constexpr bool is_scored(StreamKind kind) {
  return kind == StreamKind::samples || kind == StreamKind::outside ||
         kind == StreamKind::corrupted;
}

Json to_json(const EvaluationPlan& plan);
/// The inverse; what is wrong becomes problems of the reader.
EvaluationPlan read_plan(ObjectReader& reader);

}  // namespace bnn
