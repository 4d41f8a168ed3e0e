#include "bnn/evaluation/part_run.h"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>
#include <optional>
#include <zlib.h>

#include "bnn/core/input_file.h"
#include "bnn/core/memory_limit.h"
#include "bnn/core/processor.h"
#include "bnn/evaluation/evaluation_collector.h"
#include "bnn/evaluation/evaluation_part.h"
#include "bnn/evaluation/evaluation_results.h"
#include "bnn/evaluation/stream_predictor.h"
#include "bnn/files/npy.h"
#include "bnn/process/output_paths.h"
#include "bnn/process/stop_signal.h"

namespace bnn {
namespace {

// Of the pixels and labels of the images that are evaluated.
std::string digest_of(const EvaluationImages& images) {
  uLong crc = 0;
  const auto add = [&](const void* bytes, std::size_t size) {
    crc = crc32_z(crc, static_cast<const Bytef*>(bytes), size);
  };
  for (const std::uint32_t example : images.chosen) {
    const std::span<const std::uint8_t> image = images.data.image(example);
    add(image.data(), image.size());
    if (images.data.has_labels()) add(&images.data.labels()[example], sizeof(int));
  }
  return fmt::format("crc32:{:08x}", crc);
}

// With fused multiply-adds, own products have the same bits on every processor (math/products.h).
std::string products_with_equal_bits(const Products& products) {
  const bool are_equal = products.are_own() && highest_vector_level() != VectorLevel::baseline;
  return are_equal ? "own" : products.name();
}

Json images_json(const EvaluationImages& images) {
  return {{"number", images.chosen.size()}, {"digest", digest_of(images)}};
}

std::size_t images_of(const EvaluationPlan& plan, std::size_t stream,
                      const EvaluationInputs& inputs) {
  const bool outside = plan.streams[stream].kind == StreamKind::outside;
  return (outside ? *inputs.outside : inputs.images).chosen.size();
}

// Of all predictions of a part.
std::size_t part_bytes(const EvaluationPlan& plan, const EvaluationInputs& inputs) {
  std::size_t floats = 0;
  for (std::size_t i = 0; i < plan.streams.size(); ++i) {
    const bool is_single = plan.streams[i].kind == StreamKind::mean_weights;
    const std::size_t scores = is_scored(plan.streams[i].kind) ? plan.scores : 0;
    floats += images_of(plan, i, inputs) * (is_single ? plan.members : plan.samples) *
              (static_cast<std::size_t>(plan.classes) + scores);
  }
  return sizeof(float) * floats;
}

// How two parts differ whose plans have different values of this key.
std::string plan_difference(const std::string& key) {
  if (key == "streams") return "has other passes, such as those of --ood or --corrupt,";
  if (key == "scores") return "has other outlier scores (mahalanobis needs the training images)";
  return fmt::format("has another \"{}\"", key);
}

void require_same(const EvaluationPart& first, const std::string& first_path,
                  const EvaluationPart& other, const std::string& path) {
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorKind::data, fmt::format("{}: {} than {}; expected parts of one evaluation",
                                             shown_path(path), what, shown_path(first_path)));
  };
  if (other.part.parts != first.part.parts) {
    refuse(fmt::format("is one of {} parts, another number", other.part.parts));
  }
  if (!(other.identity == first.identity)) {
    refuse("has other checkpoints, images, seed, products or --shared-draws");
  }
  const Json expected = to_json(first.plan), found = to_json(other.plan);
  for (const auto& [key, value] : found.items()) {
    if (value != expected.at(key)) refuse(plan_difference(key));
  }
}

void require_complete(const std::vector<std::string>& found, const std::string& first_path) {
  std::vector<std::string> missing;
  for (std::size_t k = 0; k < found.size(); ++k) {
    if (found[k].empty()) missing.push_back(fmt::format("{}/{}", k + 1, found.size()));
  }
  if (missing.empty()) return;
  constexpr std::size_t kNamed = 8;
  std::string text = missing.front();
  for (std::size_t i = 1; i < std::min(missing.size(), kNamed); ++i) text += ", " + missing[i];
  if (missing.size() > kNamed) text += fmt::format(" and {} more", missing.size() - kNamed);
  throw Error(ErrorKind::data, fmt::format("--merge: missing: part {} of the evaluation of {}",
                                           text, shown_path(first_path)));
}

// The files in the order of their parts; all are read once and compared with the first.
std::vector<std::string> ordered_files(const std::vector<std::string>& paths,
                                       const EvaluationPart& first, std::size_t& images) {
  std::vector<std::string> ordered(first.part.parts);
  for (const std::string& path : paths) {
    const EvaluationPart part = read_part(path);
    require_same(first, paths.front(), part, path);
    std::string& place = ordered[part.part.number - 1];
    if (!place.empty()) {
      throw Error(ErrorKind::data,
                  fmt::format("{}: part {}/{} is given twice, also by {}", shown_path(path),
                              part.part.number, part.part.parts, shown_path(place)));
    }
    place = path;
    images += part.streams.front().images;
  }
  require_complete(ordered, paths.front());
  return ordered;
}

void add_part(const EvaluationPart& part, EvaluationCollector& collector, std::size_t first,
              NpyWriter* samples) {
  for (std::size_t i = 0; i < part.streams.size(); ++i) {
    const StreamPredictions& stream = part.streams[i];
    std::vector<std::uint32_t> examples(stream.images);
    std::iota(examples.begin(), examples.end(), static_cast<std::uint32_t>(first));
    const std::vector<int> labels(stream.labels.begin(), stream.labels.end());
    const PredictedBlock block{first,
                               examples,
                               stream.predictions,
                               stream.passes,
                               stream.classes,
                               part.plan.temperature.value_or(1),
                               stream.scores,
                               stream.scores.empty() ? 0 : part.plan.scores};
    collector.add(i, block, labels);
    if (i == 0 && samples != nullptr) {
      samples->write_block(first, stream.images, stream.predictions);
    }
  }
}

}  // namespace

Json identity_of(const EvalOptions& options, const std::vector<ModelCheckpoint>& models,
                 const EvaluationInputs& inputs) {
  Json checkpoints = Json::array();
  for (const ModelCheckpoint& model : models) checkpoints.push_back(model.digest);
  const PredictionSpec spec = prediction_spec(options.sampling, models.front());
  return {{"checkpoints", std::move(checkpoints)},
          {"seed", spec.seed},
          {"products", products_with_equal_bits(spec.products)},
          {"shared_draws", spec.shared_draws},
          {"images", images_json(inputs.images)},
          {"outside", inputs.outside ? images_json(*inputs.outside) : Json()}};
}

void predict_part(const EvalOptions& options, const Json& identity, const EvaluationInputs& inputs,
                  StreamPredictor& predictor) {
  EvaluationPart part{predictor.plan(), identity, options.part, {}};
  require_memory(part_bytes(part.plan, inputs), "--part", "predictions of a part",
                 ErrorKind::usage);
  for (std::size_t i = 0; i < part.plan.streams.size(); ++i) {
    StreamPredictions stream{.passes = i == 0 ? part.plan.samples : 1,
                             .images = images_of(part.plan, i, inputs)};
    predictor.run(i, [&](const PredictedBlock& block, std::span<const int> labels) {
      store_block(block, labels, stream);
    });
    part.streams.push_back(std::move(stream));
  }
  write_part(options.output, part);
}

int run_merge(const EvalOptions& options) {
  RunLog log("bnn-eval", options.verbosity);
  check_outputs({{"--save-samples", options.save_samples}}, options.merge);
  const EvaluationPart first = read_part(options.merge.front());
  std::size_t images = 0;
  const std::vector<std::string> files = ordered_files(options.merge, first, images);
  std::optional<NpyWriter> samples;
  if (!options.save_samples.empty()) {
    samples.emplace(options.save_samples, first.plan.samples, images,
                    static_cast<std::size_t>(first.plan.classes));
  }
  const GracefulStop stops_tidily;
  ThreadPool pool(options.threads);
  EvaluationCollector collector(first.plan, pool);
  std::size_t done = 0;
  for (const std::string& path : files) {
    stop_if_asked();
    const EvaluationPart part = read_part(path);
    require_same(first, options.merge.front(), part, path);  // nobody has replaced the file
    add_part(part, collector, done, samples ? &*samples : nullptr);
    done += part.streams.front().images;
  }
  for (std::size_t i = 0; i < first.plan.streams.size(); ++i) collector.end(i);
  const Evaluation evaluation =
      collector.finish(static_cast<std::size_t>(options.bootstrap), stop_if_asked);
  if (samples) samples->finish();
  print_evaluation(evaluation, options, log);
  return 0;
}

}  // namespace bnn
