#include "bnn/evaluation/evaluation_part.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "bnn/core/input_file.h"
#include "bnn/core/parse_json.h"
#include "bnn/files/checkpoint_file.h"

namespace bnn {
namespace {

constexpr const char* kKind = "evaluation part";

std::string tensor_name(std::size_t stream, const char* what) {
  return fmt::format("stream_{:03}/{}", stream, what);
}

std::int64_t dimension(std::size_t size) { return static_cast<std::int64_t>(size); }

[[noreturn]] void fail(const std::string& path, const std::string& sentence) {
  throw Error(ErrorKind::data, shown_path(path) + ": " + sentence);
}

// Checks that the tensor has this shape; a dimension of -1 is free.
Tensor& expect(std::vector<Tensor>& tensors, const std::string& name,
               const std::vector<std::int64_t>& shape, const std::string& path) {
  const auto found = std::find_if(tensors.begin(), tensors.end(),
                                  [&](const Tensor& tensor) { return tensor.name == name; });
  if (found == tensors.end()) fail(path, "no tensor " + name + "; expected a part of bnn-eval");
  bool equal = found->shape.size() == shape.size();
  for (std::size_t i = 0; equal && i < shape.size(); ++i) {
    equal = shape[i] < 0 || shape[i] == found->shape[i];
  }
  if (!equal) fail(path, "tensor " + name + " has not the shape that the plan gives");
  return *found;
}

// Probabilities of every row, which sum up to 1 but for rounding.
void require_distributions(std::span<const float> values, std::size_t classes,
                           const std::string& path) {
  constexpr double kRounding = 1e-3;
  for (std::size_t row = 0; row + classes <= values.size(); row += classes) {
    double sum = 0;
    bool are_shares = true;
    for (const float p : values.subspan(row, classes)) {
      are_shares = are_shares && p >= 0 && p <= 1 + static_cast<float>(kRounding);
      sum += static_cast<double>(p);
    }
    if (are_shares && std::abs(sum - 1) <= kRounding) continue;
    fail(path, "the predictions of an image are no probabilities; expected a sum of 1");
  }
}

// What the streams of a plan must have in common.
void require_consistent(const EvaluationPart& part, const std::string& path) {
  const EvaluationPlan& plan = part.plan;
  if (part.streams.front().passes != plan.samples || plan.samples % plan.members != 0) {
    fail(path, "the number of passes is not that of the plan");
  }
  std::size_t outside = 0;
  for (std::size_t i = 0; i < plan.streams.size(); ++i) {
    if (plan.streams[i].kind == StreamKind::outside) {
      ++outside;
    } else if (part.streams[i].images != part.streams.front().images) {
      fail(path, "the streams have different numbers of images");
    }
  }
  if (outside > 1) fail(path, "more than one stream of images from elsewhere");
}

bool has_scores(const EvaluationPlan& plan, std::size_t stream) {
  return plan.scores > 0 && is_scored(plan.streams[stream].kind);
}

StreamPredictions take_stream(std::vector<Tensor>& tensors, const EvaluationPlan& plan,
                              std::size_t stream, const std::string& path) {
  const int classes = plan.classes;
  Tensor& labels = expect(tensors, tensor_name(stream, "labels"), {-1}, path);
  Tensor& predictions =
      expect(tensors, tensor_name(stream, "predictions"), {-1, labels.shape[0], classes}, path);
  const auto valid = [&](float label) {
    return label >= 0 && label < static_cast<float>(classes) && label == std::floor(label);
  };
  if (!std::all_of(labels.values.begin(), labels.values.end(), valid)) {
    fail(path, fmt::format("a label is no class; expected 0 to {}", classes - 1));
  }
  if (predictions.shape[0] < 1) fail(path, "a stream without passes; expected at least one");
  require_distributions(predictions.values, static_cast<std::size_t>(classes), path);
  std::vector<float> scores;
  if (has_scores(plan, stream)) {
    scores = expect(tensors, tensor_name(stream, "scores"),
                    {predictions.shape[0], labels.shape[0], dimension(plan.scores)}, path)
                 .values;
  }
  return {.passes = static_cast<std::size_t>(predictions.shape[0]),
          .images = labels.values.size(),
          .classes = static_cast<std::size_t>(classes),
          .predictions = std::move(predictions.values),
          .labels = std::move(labels.values),
          .scores = std::move(scores)};
}

Part read_part_number(const std::string& state, const std::string& source) {
  Problems problems(source);
  const Json document = parse_json(state, source, ErrorKind::data);
  ObjectReader reader(document, "", problems);
  Part part;
  part.parts = static_cast<std::size_t>(reader.integer("parts", {.min = 1, .max = kMaxParts}));
  part.number = static_cast<std::size_t>(reader.integer("part", {.min = 1, .max = kMaxParts}));
  if (part.number > part.parts) reader.problem("part", "expected at most the number of parts");
  reader.finish();
  problems.raise_if_any(ErrorKind::data);
  return part;
}

CheckpointContents read_contents(const std::string& path) {
  try {
    CheckpointContents contents = read_checkpoint_file(path);
    const auto kind = contents.extra_metadata.find("kind");
    if (kind != contents.extra_metadata.end() && kind->second == kKind) return contents;
  } catch (const Error& error) {
    throw Error(ErrorKind::data, error.what());
  }
  fail(path, "is no part of an evaluation; expected a file of bnn-eval --part");
}

}  // namespace

void store_block(const PredictedBlock& block, std::span<const int> labels,
                 StreamPredictions& stream) {
  stream.passes = block.passes;
  stream.classes = block.width;
  const auto store = [&](std::span<const float> numbers, std::size_t width,
                         std::vector<float>& all) {
    const std::size_t floats = block.examples.size() * width;
    all.resize(stream.passes * stream.images * width);
    for (std::size_t s = 0; s < block.passes; ++s) {
      std::copy_n(numbers.data() + s * floats, floats,
                  all.data() + (s * stream.images + block.first) * width);
    }
  };
  store(block.predictions, block.width, stream.predictions);
  store(block.scores, block.score_width, stream.scores);
  stream.labels.resize(stream.images);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    stream.labels[block.first + i] = static_cast<float>(labels[i]);
  }
}

void write_part(const std::string& path, const EvaluationPart& part) {
  std::vector<TensorView> tensors;
  for (std::size_t i = 0; i < part.streams.size(); ++i) {
    const StreamPredictions& stream = part.streams[i];
    tensors.push_back({tensor_name(i, "predictions"),
                       {dimension(stream.passes), dimension(stream.images), part.plan.classes},
                       stream.predictions});
    tensors.push_back({tensor_name(i, "labels"), {dimension(stream.images)}, stream.labels});
    if (!has_scores(part.plan, i)) continue;
    tensors.push_back(
        {tensor_name(i, "scores"),
         {dimension(stream.passes), dimension(stream.images), dimension(part.plan.scores)},
         stream.scores});
  }
  const Json config = {{"plan", to_json(part.plan)}, {"identity", part.identity}};
  const Json state = {{"part", part.part.number}, {"parts", part.part.parts}};
  write_checkpoint_file(path, config.dump(), state.dump(), {{"kind", kKind}}, tensors);
}

EvaluationPart read_part(const std::string& path) {
  CheckpointContents contents = read_contents(path);
  const std::string source = shown_path(path) + ": config";
  const Json document = parse_json(contents.config, source, ErrorKind::data);
  Problems problems(source);
  EvaluationPart part;
  ObjectReader reader(document, "", problems);
  reader.object("plan", [&](ObjectReader& plan) { part.plan = read_plan(plan); });
  part.identity = reader.raw("identity");
  reader.finish();
  problems.raise_if_any(ErrorKind::data);
  part.part = read_part_number(contents.state, shown_path(path) + ": state");
  std::size_t expected = 0;  // tensors
  for (std::size_t i = 0; i < part.plan.streams.size(); ++i) {
    part.streams.push_back(take_stream(contents.tensors, part.plan, i, path));
    expected += has_scores(part.plan, i) ? 3 : 2;
  }
  if (contents.tensors.size() != expected) {
    fail(path, "has other tensors than those of the plan");
  }
  require_consistent(part, path);
  return part;
}

}  // namespace bnn
