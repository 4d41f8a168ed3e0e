#include "bnn/evaluation/evaluation_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "bnn/corruption/corruption.h"

namespace bnn {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<int>::max();
constexpr EnumNames<SinglePass, 3> kSinglePassNames = {{{SinglePass::no, "no"},
                                                        {SinglePass::mean_weights, "mean_weights"},
                                                        {SinglePass::no_noise, "no_noise"}}};

Json stream_json(const EvaluationStream& stream) {
  return {{"kind", name_of(kStreamKindNames, stream.kind)},
          {"corruption", stream.corruption},
          {"severity", stream.severity},
          {"removed", stream.removed},
          {"kept", stream.kept}};
}

// JSON has no infinity: the threshold of a rule that takes every class is null.
Json conformal_json(const std::optional<ConformalRule>& rule) {
  if (!rule) return nullptr;
  return {{"score", name_of(kConformalScoreNames, rule->score)},
          {"target", rule->target},
          {"threshold", std::isinf(rule->threshold) ? Json() : Json(rule->threshold)},
          {"calibration_examples", rule->calibration_examples}};
}

EvaluationStream read_stream(ObjectReader& reader) {
  EvaluationStream stream;
  stream.kind = reader.enumerator("kind", kStreamKindNames, StreamKind::samples);
  stream.corruption = reader.text("corruption", {});
  const auto known = corruptions();
  if (stream.kind == StreamKind::corrupted &&
      std::none_of(known.begin(), known.end(), [&](const Corruption& corruption) {
        return corruption.name == stream.corruption;
      })) {
    reader.problem("corruption", "expected the name of a corruption");
  }
  stream.severity = static_cast<int>(reader.integer("severity", {.min = 0, .max = kSeverities}));
  stream.removed = reader.real("removed", {.min = 0, .max = 1});
  stream.kept = reader.real("kept", {.min = 0, .max = 1});
  reader.finish();
  return stream;
}

ConformalRule read_conformal(ObjectReader& reader) {
  ConformalRule rule;
  rule.score = reader.enumerator("score", kConformalScoreNames, ConformalScore::lac);
  rule.target = reader.real("target", {.min = 0, .max = 1});
  rule.threshold = std::numeric_limits<double>::infinity();
  reader.optional("threshold", [&] { rule.threshold = reader.real("threshold", {}); });
  rule.calibration_examples =
      static_cast<std::size_t>(reader.integer("calibration_examples", {.min = 1, .max = kMost}));
  return rule;
}

void read_streams(ObjectReader& reader, std::vector<EvaluationStream>& streams) {
  Problems problems("streams");
  const Json& list = reader.raw("streams");
  bool valid = list.is_array() && !list.empty();
  for (std::size_t i = 0; valid && i < list.size(); ++i) {
    ObjectReader element(list.at(i), "", problems);
    streams.push_back(read_stream(element));
    valid = problems.empty() && (streams.back().kind == StreamKind::samples) == (i == 0);
  }
  if (!valid) reader.problem("streams", "expected a list of passes, the first of samples");
}

}  // namespace

Json to_json(const EvaluationPlan& plan) {
  Json streams = Json::array();
  for (const EvaluationStream& stream : plan.streams) streams.push_back(stream_json(stream));
  return {{"streams", std::move(streams)},
          {"classes", plan.classes},
          {"class_names", Json(plan.class_names)},
          {"samples", plan.samples},
          {"members", plan.members},
          {"single_pass", name_of(kSinglePassNames, plan.single_pass)},
          {"temperature", plan.temperature ? Json(*plan.temperature) : Json()},
          {"conformal", conformal_json(plan.conformal)},
          {"bootstrap_seed", plan.bootstrap_seed},
          {"scores", plan.scores}};
}

EvaluationPlan read_plan(ObjectReader& reader) {
  EvaluationPlan plan;
  read_streams(reader, plan.streams);
  plan.classes = static_cast<int>(reader.integer("classes", {.min = 2, .max = kMost}));
  plan.class_names = reader.texts("class_names", {});
  if (!plan.class_names.empty() &&
      plan.class_names.size() != static_cast<std::size_t>(plan.classes)) {
    reader.problem("class_names", "expected a name for each class");
  }
  plan.samples = static_cast<std::size_t>(reader.integer("samples", {.min = 1, .max = kMost}));
  plan.members = static_cast<std::size_t>(reader.integer("members", {.min = 1, .max = kMost}));
  plan.single_pass = reader.enumerator("single_pass", kSinglePassNames, SinglePass::no);
  reader.optional("temperature", [&] {
    plan.temperature = reader.real("temperature", {.min = 0, .above_min = true});
  });
  reader.optional("conformal", [&] {
    reader.object("conformal", [&](ObjectReader& rule) { plan.conformal = read_conformal(rule); });
  });
  plan.bootstrap_seed = static_cast<std::uint64_t>(reader.integer("bootstrap_seed", {.min = 0}));
  const auto most_scores = static_cast<std::int64_t>(kOutlierScores.size());
  plan.scores = static_cast<std::size_t>(
      reader.integer("scores", {.min = 0, .max = most_scores, .fallback = 0}));
  return plan;
}

}  // namespace bnn
