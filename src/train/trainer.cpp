#include "bnn/train/trainer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "bnn/bayes/mean_field_normal.h"
#include "bnn/core/error.h"
#include "bnn/core/tree_sum.h"
#include "bnn/math/softmax.h"

namespace bnn {
namespace {

ExecutionLimits limits_of(const TrainingSpec& spec, int threads) {
  return {threads, (spec.batch_size + spec.shards - 1) / spec.shards, spec.batch_size,
          static_cast<std::size_t>(spec.shards)};
}

std::size_t partial_size(const TrainingSpec& spec) {
  return static_cast<std::size_t>(tree_levels(static_cast<std::size_t>(spec.shards))) *
         kChunkElements;
}

std::vector<AlignedArray> make_arrays(std::size_t count, std::size_t size) {
  std::vector<AlignedArray> arrays;
  for (std::size_t i = 0; i < count; ++i) arrays.emplace_back(size);
  return arrays;
}

}  // namespace

Trainer::Trainer(const Graph& graph, const TrainingSpec& spec, const Loader& loader,
                 ThreadPool& pool)
    : graph_(graph),
      layout_(graph.layout()),
      spec_(spec),
      loader_(loader),
      pool_(pool),
      chunks_(cut_into_chunks(layout_)),
      execution_(graph, ExecutionMode::training, limits_of(spec, pool.size())),
      parameters_(layout_.size()),
      m_(layout_.size()),
      v_(layout_.size()),
      noise_(layout_.size()),
      perturbation_(layout_.size()),
      sample_gradient_(layout_.size()),
      gradient_(layout_.size()),
      shard_gradients_(make_arrays(static_cast<std::size_t>(spec.shards), layout_.size())),
      partial_sums_(make_arrays(static_cast<std::size_t>(pool.size()), partial_size(spec))),
      results_(static_cast<std::size_t>(spec.shards)),
      result_sums_(2 * static_cast<std::size_t>(tree_levels(results_.size()))),
      positions_(static_cast<std::size_t>(spec.batch_size)),
      labels_(static_cast<std::size_t>(spec.batch_size)),
      chunk_kl_(chunks_.size()),
      chunk_square_(chunks_.size()) {
  std::iota(positions_.begin(), positions_.end(), 0u);
  shards_.reserve(static_cast<std::size_t>(spec.shards));
  initialize_parameters(layout_, spec.seed, parameters_);
}

std::uint64_t Trainer::steps_per_epoch() const {
  const auto batch = static_cast<std::uint64_t>(spec_.batch_size);
  return (loader_.examples() + batch - 1) / batch;
}

StepStats Trainer::step(std::uint64_t step, std::span<const std::uint32_t> examples) {
  StepStats stats;
  stats.examples = examples.size();
  stats.kl_weight = kl_weight_at(spec_.kl, step, steps_per_epoch());
  stats.learning_rate = learning_rate_at(spec_.schedule, spec_.adam.learning_rate, step,
                                         steps_per_epoch(), spec_.epochs);
  for (int sample = 0; sample < spec_.samples; ++sample) run_sample(sample, step, examples, stats);

  const auto kl_scale =
      static_cast<float>(stats.kl_weight / static_cast<double>(loader_.examples()));
  const AdamStep adam = adam_step(spec_.adam, stats.learning_rate, step);
  const bool clips = spec_.gradient_clip_norm > 0.0;
  pool_.run(chunks_.size(), [&](std::size_t i, int) {
    add_kl(i, kl_scale);
    if (!clips) update(chunks_[i], adam, 1.0f);
  });
  stats.kl = std::accumulate(chunk_kl_.begin(), chunk_kl_.end(), 0.0);
  const double norm = std::sqrt(std::accumulate(chunk_square_.begin(), chunk_square_.end(), 0.0));
  if (!std::isfinite(stats.nll) || !std::isfinite(stats.kl) || !std::isfinite(norm)) {
    fail_non_finite(step);
  }
  if (clips) {
    const auto scale = static_cast<float>(std::min(1.0, spec_.gradient_clip_norm / norm));
    pool_.run(chunks_.size(), [&](std::size_t i, int) { update(chunks_[i], adam, scale); });
  }
  return stats;
}

void Trainer::run_sample(int sample, std::uint64_t step, std::span<const std::uint32_t> examples,
                         StepStats& stats) {
  const auto draw = static_cast<std::uint32_t>(step * static_cast<std::uint64_t>(spec_.samples) +
                                               static_cast<std::uint64_t>(sample));
  draw_weights(draw);
  cut_shards(examples, draw);
  pool_.run(shards_.size(),
            [&](std::size_t shard, int worker) { run_shard(shard, worker, examples, step); });
  pool_.run(execution_.weight_gradient_tasks(), [&](std::size_t task, int worker) {
    execution_.weight_gradient(task, worker, shards_, sample_gradient_.data());
  });
  pool_.run(chunks_.size(),
            [&](std::size_t i, int worker) { collect_gradient(chunks_[i], worker, sample == 0); });
  tree_sum(shards_.size(), 2, result_sums_.data(), [&](std::size_t shard, double* out) {
    out[0] = results_[shard].nll;
    out[1] = results_[shard].correct;
  });
  stats.nll += result_sums_[0] / spec_.samples;
  stats.correct += result_sums_[1] / spec_.samples;
}

void Trainer::draw_weights(std::uint32_t draw) {
  pool_.run(chunks_.size(), [&](std::size_t i, int) {
    if (!chunks_[i].scale) return;
    draw_perturbation(layout_, chunks_[i], parameters_.data(), spec_.seed, Site::weight_noise, draw,
                      noise_.data(), perturbation_.data());
  });
}

// A batch smaller than the number of shards has one shard an example.
void Trainer::cut_shards(std::span<const std::uint32_t> examples, std::uint32_t draw) {
  const std::size_t count = std::min(static_cast<std::size_t>(spec_.shards), examples.size());
  shards_.clear();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t first = i * examples.size() / count;
    const std::size_t size = (i + 1) * examples.size() / count - first;
    const PassNoise noise{spec_.seed, draw, Site::sign_input, Site::sign_output,
                          std::span(positions_).subspan(first, size)};
    shards_.push_back(
        {first, {static_cast<int>(size), parameters_.data(), perturbation_.data(), noise}});
  }
}

void Trainer::run_shard(std::size_t index, int worker, std::span<const std::uint32_t> examples,
                        std::uint64_t step) {
  const Shard& shard = shards_[index];
  const auto size = static_cast<std::size_t>(shard.pass.examples);
  loader_.fill_augmented(examples.subspan(shard.first, size), static_cast<std::uint32_t>(step),
                         execution_.input(worker, shard.first), labels_.data() + shard.first);
  execution_.forward(worker, shard);

  const auto classes = static_cast<std::size_t>(graph_.classes());
  const auto scale =
      static_cast<float>(1.0 / (static_cast<double>(examples.size()) * spec_.samples));
  const float* logits = execution_.logits(worker, shard.first);
  float* gradient = execution_.logits_gradient(worker, shard.first);
  ShardResult result;
  for (std::size_t i = 0; i < size; ++i) {
    const std::span<const float> row(logits + i * classes, classes);
    const int label = labels_[shard.first + i];
    result.nll += cross_entropy(row, label, scale, {gradient + i * classes, classes});
    const auto predicted = std::max_element(row.begin(), row.end()) - row.begin();
    result.correct += predicted == label ? 1.0 : 0.0;
  }
  if (!std::isfinite(result.nll)) {
    result.non_finite_node = execution_.first_non_finite(worker, shard);
  }
  results_[index] = result;
  execution_.backward(worker, shard, shard_gradients_[index].data());
}

bool Trainer::is_trainable(const Chunk& chunk) const {
  return layout_.variables()[chunk.variable].trainable;
}

// The chunk's gradient of this sample: all shards together, and through the posterior.
void Trainer::collect_gradient(const Chunk& chunk, int worker, bool first_sample) {
  if (!is_trainable(chunk)) return;
  const auto collect = [&](std::size_t variable) {
    if (!layout_.variables()[variable].deferred) reduce_shards(chunk, variable, worker);
    return part(layout_, variable, chunk, sample_gradient_.data());
  };
  const auto accumulate = [&](std::size_t variable, std::span<const float> from) {
    const auto to = part(layout_, variable, chunk, gradient_.data());
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = first_sample ? from[i] : to[i] + from[i];
  };
  accumulate(chunk.variable, collect(chunk.variable));
  if (!chunk.scale) return;
  const auto scale_gradient = collect(*chunk.scale);
  perturbation_gradient_to_scale(part(layout_, *chunk.scale, chunk, parameters_.data()),
                                 part(layout_, *chunk.scale, chunk, noise_.data()), scale_gradient);
  accumulate(*chunk.scale, scale_gradient);
}

// Takes the shards' gradients and leaves zeros behind for the next pass to add into.
void Trainer::reduce_shards(const Chunk& chunk, std::size_t variable, int worker) {
  float* partial = partial_sums_[static_cast<std::size_t>(worker)].data();
  tree_sum(shards_.size(), chunk.size, partial, [&](std::size_t shard, float* out) {
    const auto from = part(layout_, variable, chunk, shard_gradients_[shard].data());
    std::memcpy(out, from.data(), from.size_bytes());
    std::memset(from.data(), 0, from.size_bytes());
  });
  const auto total = part(layout_, variable, chunk, sample_gradient_.data());
  std::memcpy(total.data(), partial, total.size_bytes());
}

void Trainer::add_kl(std::size_t index, float weight) {
  const Chunk& chunk = chunks_[index];
  const float* parameters = parameters_.data();
  double kl = 0.0;
  if (chunk.prior && is_trainable(chunk)) {
    kl = add_kl_gradient(part(layout_, chunk.variable, chunk, parameters),
                         part(layout_, *chunk.scale, chunk, parameters), *chunk.prior, weight,
                         part(layout_, chunk.variable, chunk, gradient_.data()),
                         part(layout_, *chunk.scale, chunk, gradient_.data()));
  } else if (chunk.prior) {
    kl = kl_divergence(part(layout_, chunk.variable, chunk, parameters),
                       part(layout_, *chunk.scale, chunk, parameters), *chunk.prior);
  }
  chunk_kl_[index] = kl;
  double square = 0.0;
  for (const auto& variable : {std::optional(chunk.variable), chunk.scale}) {
    if (!variable) continue;
    for (const float g : part(layout_, *variable, chunk, gradient_.data())) {
      square += static_cast<double>(g) * static_cast<double>(g);
    }
  }
  chunk_square_[index] = square;
}

void Trainer::update(const Chunk& chunk, const AdamStep& adam, float gradient_scale) {
  if (!is_trainable(chunk)) return;
  for (const auto& variable : {std::optional(chunk.variable), chunk.scale}) {
    if (!variable) continue;
    adam_update(adam, gradient_scale, part(layout_, *variable, chunk, gradient_.data()),
                part(layout_, *variable, chunk, parameters_.data()),
                part(layout_, *variable, chunk, m_.data()),
                part(layout_, *variable, chunk, v_.data()));
  }
}

double Trainer::kl() {
  pool_.run(chunks_.size(), [&](std::size_t i, int) {
    const Chunk& chunk = chunks_[i];
    const float* parameters = parameters_.data();
    chunk_kl_[i] =
        !chunk.prior ? 0.0
                     : kl_divergence(part(layout_, chunk.variable, chunk, parameters),
                                     part(layout_, *chunk.scale, chunk, parameters), *chunk.prior);
  });
  return std::accumulate(chunk_kl_.begin(), chunk_kl_.end(), 0.0);
}

void Trainer::fail_non_finite(std::uint64_t step) const {
  std::string where = "the gradient or the KL";
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    const int node = results_[i].non_finite_node;
    if (node < 0) continue;
    where = "the output of layer \"" + graph_.nodes()[static_cast<std::size_t>(node)].name + "\"";
    break;
  }
  throw Error(ErrorKind::numerical,
              "step " + std::to_string(step) + ": " + where +
                  " is not finite; a lower learning rate, warm-up or gradient_clip_norm may help");
}

std::size_t Trainer::bytes(const Graph& graph, const TrainingSpec& spec, int threads) {
  const auto arrays = static_cast<std::size_t>(spec.shards) + 7;
  return Execution::bytes(graph, ExecutionMode::training, limits_of(spec, threads)) +
         sizeof(float) * (arrays * graph.layout().size() +
                          static_cast<std::size_t>(threads) * partial_size(spec));
}

}  // namespace bnn
