#include "bnn/infer/predictor.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "bnn/infer/weight_samples.h"

namespace bnn {
namespace {

constexpr std::size_t kBlasGroup = 16;  // with OpenBLAS, exactly that many
// Examples whose predictions are held at once: as many as fit 16 MiB, within these bounds.
constexpr std::size_t kMinBlock = kPredictionGroup, kMaxBlock = 2048,
                      kBlockFloats = std::size_t{1} << 22;
constexpr std::uint32_t kEmpty = ~0u;

std::optional<FeatureNode> kept_features(const Graph& graph) {
  const std::optional<FeatureNode> features = find_features(graph);
  return features && features->size <= kMaxFeatures ? features : std::nullopt;
}

ExecutionPlan prediction_plan(const Graph& graph, int threads) {
  const std::optional<FeatureNode> features = kept_features(graph);
  return plan_execution(graph, ExecutionMode::inference,
                        {.workers = threads,
                         .shard_examples = kPredictionGroup,
                         .kept = features ? features->node : kNoNode});
}

}  // namespace

std::size_t examples_of_a_block(std::size_t passes, std::size_t width) {
  const std::size_t floats = passes * width;
  return std::clamp(kBlockFloats / std::max<std::size_t>(floats, 1), kMinBlock, kMaxBlock);
}

Predictor::Predictor(const Graph& graph, const Likelihood& likelihood,
                     const AlignedArray& parameters, const PredictionSpec& spec, ThreadPool& pool,
                     const PassScorer* scorer)
    : graph_(graph),
      likelihood_(likelihood),
      parameters_(parameters),
      spec_(spec),
      pool_(pool),
      scorer_(scorer),
      features_(kept_features(graph)),
      chunks_(cut_into_chunks(graph.layout())),
      execution_(graph, prediction_plan(graph, pool.size())),
      draws_(spec.mean_weights ? 0 : std::max<std::size_t>(graph.layout().size(), 1)) {}

void Predictor::predict(const Dataset& data, const Standardizer& standardizer,
                        std::span<const std::uint32_t> examples,
                        const std::function<void(const PredictedBlock&)>& visit) {
  const auto passes = static_cast<std::size_t>(spec_.passes());
  const std::size_t width = likelihood_.prediction_size();
  const std::size_t most = examples_of_a_block(passes, width + score_width());
  for (std::size_t first = 0; first < examples.size(); first += most) {
    const auto block = examples.subspan(first, std::min(most, examples.size() - first));
    run_block(data, standardizer, block);
    visit({first, block, predictions_, passes, width, spec_.temperature, scores_, score_width()});
  }
}

// With own products, an example may have any place: few examples are shared out among the threads.
//
// With some of OpenBLAS's kernels, the bits of a row depend on its place among the rows. Groups are
// then always full, and an example's place in its group is the remainder of its stream's name,
// whatever else is predicted with it. The examples of a whole file fill their groups without gaps.
// Images that each have a file leave gaps.
void Predictor::place(const Dataset& data, std::span<const std::uint32_t> examples) {
  if (spec_.products.are_own()) {
    const auto threads = static_cast<std::size_t>(pool_.size());
    group_ =
        std::clamp((examples.size() + threads - 1) / threads, std::size_t{1}, kPredictionGroup);
    places_.resize(examples.size());
    std::iota(places_.begin(), places_.end(), 0u);
    return;
  }
  group_ = kBlasGroup;
  std::array<std::size_t, kBlasGroup> filled{};
  places_.clear();
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const std::size_t remainder = data.stream_name(examples[i]) % group_;
    const std::size_t group = filled[remainder]++;
    if (places_.size() < (group + 1) * group_) places_.resize((group + 1) * group_, kEmpty);
    places_[group * group_ + remainder] = static_cast<std::uint32_t>(i);
  }
}

void Predictor::run_block(const Dataset& data, const Standardizer& standardizer,
                          std::span<const std::uint32_t> examples) {
  place(data, examples);
  const auto passes = static_cast<std::uint32_t>(spec_.passes());
  predictions_.resize(passes * examples.size() * likelihood_.prediction_size());
  scores_.resize(passes * examples.size() * score_width());
  for (std::uint32_t sample = 0; sample < passes; ++sample) {
    draw_weights(sample);
    pool_.run(execution_.prepare_tasks(),
              [&](std::size_t task, int) { execution_.prepare(task, pass(sample, {})); });
    pool_.run((places_.size() + group_ - 1) / group_, [&](std::size_t group, int worker) {
      run_group(group, worker, sample, data, standardizer, examples);
    });
  }
}

void Predictor::draw_weights(std::uint32_t sample) {
  if (spec_.mean_weights) return;
  if (spec_.shared_draws) {
    return sample_weights(graph_.layout(), chunks_, parameters_, spec_.seed, sample, pool_, draws_);
  }
  pool_.run(chunks_.size(), [&](std::size_t i, int) {
    if (!chunks_[i].scale) return;
    draw_chunk(graph_.layout(), chunks_[i], parameters_.data(), spec_.seed, Site::predict_noise,
               sample, draws_.data(), draws_.data());
  });
}

Pass Predictor::pass(std::uint32_t sample, std::span<const std::uint32_t> names) const {
  const bool shared = spec_.shared_draws && !spec_.mean_weights;
  return {static_cast<int>(names.size()),
          shared ? draws_.data() : parameters_.data(),
          shared || spec_.mean_weights ? nullptr : draws_.data(),
          {spec_.seed, sample, true, names},
          /*training=*/false,
          spec_.products,
          shared};
}

void Predictor::run_group(std::size_t group, int worker, std::uint32_t sample, const Dataset& data,
                          const Standardizer& standardizer,
                          std::span<const std::uint32_t> examples) {
  if (check_) check_();
  const std::size_t first = group * group_, size = std::min(group_, places_.size() - first);
  const auto places = std::span(places_).subspan(first, size);
  const std::uint32_t any = *std::min_element(places.begin(), places.end());
  std::array<std::uint32_t, kPredictionGroup> chosen, names;
  for (std::size_t i = 0; i < size; ++i) {
    chosen[i] = examples[places[i] == kEmpty ? any : places[i]];
    names[i] = spec_.shared_draws ? 0 : data.stream_name(chosen[i]);
  }
  standardizer.fill(data, std::span(chosen).first(size), execution_.input(worker, 0));
  execution_.forward(worker, {0, pass(sample, std::span(names).first(size))});
  const std::size_t width = likelihood_.outputs(), out_width = likelihood_.prediction_size();
  const float* outputs = execution_.outputs(worker, 0);
  for (std::size_t i = 0; i < size; ++i) {
    if (places[i] == kEmpty) continue;
    float* out = predictions_.data() + (sample * examples.size() + places[i]) * out_width;
    likelihood_.predict({outputs + i * width, width}, {out, out_width});
  }
  if (scorer_ != nullptr) score_group(worker, places, sample, examples.size());
}

// @param examples of the block
void Predictor::score_group(int worker, std::span<const std::uint32_t> places, std::uint32_t sample,
                            std::size_t examples) {
  const std::size_t width = scorer_->size();
  PassView view{.images = places.size(),
                .outputs = {execution_.outputs(worker, 0), places.size() * likelihood_.outputs()}};
  if (features_) view.features = {execution_.kept(worker, 0), places.size() * features_->size};
  std::vector<float> scores(places.size() * width);
  scorer_->score(view, scores);
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i] == kEmpty) continue;
    std::copy_n(scores.data() + i * width, width,
                scores_.data() + (sample * examples + places[i]) * width);
  }
}

std::size_t Predictor::bytes(const Graph& graph, int threads) {
  return prediction_plan(graph, threads).bytes() + sizeof(float) * graph.layout().size();
}

}  // namespace bnn
