#include "bnn/train/batch_gradient.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numeric>
#include <utility>

#include "bnn/core/error.h"
#include "bnn/core/tree_sum.h"
#include "bnn/math/vector_ops.h"

namespace bnn {
namespace {

constexpr std::size_t kResults = 3;  // numbers of a shard's result that are summed

ScaleDerivative scale_derivative(const OptimizerSpec& optimizer) {
  return optimizer.form == GradientForm::parts ? ScaleDerivative::sigma
                                               : ScaleDerivative::untransformed_scale;
}

// @param holds_kernels if the prepared kernels lie in the same memory
std::size_t gradient_size(const ParameterLayout& layout, const ExecutionPlan& plan,
                          bool holds_kernels) {
  return std::max(layout.size(), holds_kernels ? plan.prepared_floats : 0);
}

std::size_t shards_of(const TrainingSpec& spec, std::size_t batch) {
  return std::min(static_cast<std::size_t>(spec.shards), batch);
}

// The examples of the shards before this one.
std::size_t first_of_shard(std::size_t shard, std::size_t examples, std::size_t shards) {
  return shard * examples / shards;
}

// The most examples of one of the processes.
std::size_t examples_of_a_process(const TrainingSpec& spec, int processes) {
  const auto batch = static_cast<std::size_t>(spec.batch_size);
  const std::size_t shards = shards_of(spec, batch);
  const ShardDeal deal(shards, processes);
  std::size_t most = 0;
  for (int rank = 0; rank < processes; ++rank) {
    most = std::max(most, first_of_shard(deal.end(rank), batch, shards) -
                              first_of_shard(deal.begin(rank), batch, shards));
  }
  return most;
}

// For each variable, the number of layers whose gradients for it are deferred.
std::vector<int> deferred_uses(const Graph& graph, const ExecutionPlan& plan) {
  std::vector<int> uses(graph.layout().variables().size(), 1);
  for (const WeightGradientTask& task : plan.tasks) {
    const VariableRange range =
        graph.nodes()[static_cast<std::size_t>(task.nodes.front())].variables;
    for (std::size_t v = range.begin; v < range.end; ++v) {
      if (graph.layout().variables()[v].deferred) uses[v] = static_cast<int>(task.nodes.size());
    }
  }
  return uses;
}

// Layers that normalise over a shard need several examples in each, in the last batch of an epoch
// too.
void require_full_shards(const Graph& graph, const TrainingSpec& spec, std::size_t examples) {
  const auto full = static_cast<std::size_t>(spec.batch_size);
  const std::size_t last = examples % full == 0 ? full : examples % full;
  const auto of_shard = [&](std::size_t batch) { return batch / shards_of(spec, batch); };
  const std::size_t batch = of_shard(last) < of_shard(full) ? last : full;
  const auto smallest = static_cast<int>(of_shard(batch));
  for (std::size_t i = 1; i < graph.nodes().size(); ++i) {
    const Node& node = graph.nodes()[i];
    if (node.layer->least_examples() <= smallest) continue;
    throw Error(ErrorKind::config,
                fmt::format("layer \"{}\": training.shards cuts a batch of {} into shards of {} "
                            "example, but this layer needs {} in each; expected fewer shards or "
                            "another training.batch_size",
                            node.name, batch, smallest, node.layer->least_examples()));
  }
}

// 1 if the likelihood calls the outputs right, else 0.
double right(const Likelihood& likelihood, std::span<const float> outputs, const Target& target) {
  return likelihood.is_right(outputs, target).value_or(false) ? 1.0 : 0.0;
}

// Callers must get this right. A mistake is a defect of the program.
void require_fit(const Graph& graph, const Likelihood& likelihood, const Targets& targets) {
  if (likelihood.outputs() != static_cast<std::size_t>(graph.outputs())) {
    throw Error(ErrorKind::internal,
                fmt::format("the likelihood reads {} outputs, but the network gives {}",
                            likelihood.outputs(), graph.outputs()));
  }
  if (!likelihood.accepts(targets)) {
    throw Error(ErrorKind::internal, "the targets are not of the likelihood's kind");
  }
}

}  // namespace

ExecutionPlan training_plan(const Graph& graph, const TrainingSpec& spec, int threads,
                            int processes) {
  return plan_execution(graph, ExecutionMode::training,
                        {threads, (spec.batch_size + spec.shards - 1) / spec.shards,
                         static_cast<int>(examples_of_a_process(spec, processes)),
                         static_cast<std::size_t>(spec.shards)});
}

BatchGradient::BatchGradient(const Graph& graph, const Likelihood& likelihood,
                             const Targets& targets, const TrainingSpec& spec,
                             const TrainingLoader& loader, ThreadPool& pool, ExecutionPlan plan,
                             Exchange* exchange)
    : graph_(graph),
      likelihood_(likelihood),
      targets_(targets),
      layout_(graph.layout()),
      spec_(spec),
      loader_(loader),
      pool_(pool),
      chunks_(cut_into_chunks(layout_)),
      state_chunks_(cut_state_into_chunks(layout_)),
      exchange_(exchange != nullptr ? *exchange : alone_, layout_, chunks_, state_chunks_,
                exchange != nullptr && !exchange->is_alone()
                    ? deferred_uses(graph, plan)
                    : std::vector<int>(layout_.variables().size(), 1),
                pool),
      noise_(layout_.size()),
      draws_(std::max<std::size_t>(layout_.size(), 1)),
      gradient_(gradient_size(layout_, plan, spec.samples == 1), MemoryUse::whole),
      sample_gradient_(spec.samples > 1 ? gradient_size(layout_, plan, true) : 0, MemoryUse::whole),
      execution_(graph, std::move(plan), last_gradient().span()),
      shard_gradients_(layout_, static_cast<std::size_t>(spec.shards), pool.size()),
      results_(static_cast<std::size_t>(spec.shards)),
      result_sums_(kResults * static_cast<std::size_t>(tree_levels(results_.size()))),
      partner_gradient_(
          loader.mixes() ? static_cast<std::size_t>(pool.size()) * likelihood.outputs() : 0),
      positions_(static_cast<std::size_t>(spec.batch_size)) {
  require_fit(graph, likelihood, targets);
  require_full_shards(graph, spec, loader.examples());
  if (static_cast<std::size_t>(spec.shards) > kMaxShards) {
    throw Error(ErrorKind::internal, "too many shards of a batch");
  }
  std::iota(positions_.begin(), positions_.end(), 0u);
  shards_.reserve(static_cast<std::size_t>(spec.shards));
  for (std::size_t use = 1; use < exchange_.gradients(); ++use) {
    use_gradients_.emplace_back(layout_.size());
  }
}

BatchLoss BatchGradient::compute(const float* parameters, std::uint64_t step,
                                 std::span<const std::uint32_t> examples) {
  BatchLoss loss;
  non_finite_node_ = -1;
  for (int sample = 0; sample < spec_.samples; ++sample) {
    run_sample(sample, step, parameters, examples, loss);
  }
  return loss;
}

// The gradient of a pass is written after its shards, which read the prepared kernels until then.
// So both lie in one memory: that of the gradient of the last sample.
AlignedArray& BatchGradient::last_gradient() {
  return spec_.samples == 1 ? gradient_ : sample_gradient_;
}

// The first sample's gradient is the sum's beginning; later ones are made apart and added.
float* BatchGradient::gradient_of(int sample) {
  return sample == 0 ? gradient_.data() : sample_gradient_.data();
}

// Where the layers write the deferred gradients of a sample.
std::span<float* const> BatchGradient::gradients_of(int sample) {
  gradients_.assign(1, gradient_of(sample));
  for (AlignedArray& array : use_gradients_) gradients_.push_back(array.data());
  return gradients_;
}

void BatchGradient::run_sample(int sample, std::uint64_t step, const float* parameters,
                               std::span<const std::uint32_t> examples, BatchLoss& loss) {
  const auto draw = static_cast<std::uint32_t>(step * static_cast<std::uint64_t>(spec_.samples) +
                                               static_cast<std::uint64_t>(sample));
  draw_weights(draw, parameters);
  const ShardDeal deal = cut_shards(examples, draw, parameters);
  pool_.run(execution_.prepare_tasks(),
            [&](std::size_t task, int) { execution_.prepare(task, common_pass_); });
  if (!shards_.empty()) run_shards(sample, step, examples, deal);
  add_results(deal, loss);
  collect(sample, parameters, deal);
}

void BatchGradient::run_shards(int sample, std::uint64_t step,
                               std::span<const std::uint32_t> examples, const ShardDeal& deal) {
  const std::size_t first = first_of_shard(deal.begin(exchange_.exchange().rank()), examples.size(),
                                           shards_of(spec_, examples.size()));
  shard_gradients_.reset(shards_.size());
  pool_.run(shards_.size(), [&](std::size_t shard, int worker) {
    run_shard(shard, worker, examples.subspan(first), step);
  });
  const std::span<float* const> gradients = gradients_of(sample);
  pool_.run(execution_.weight_gradient_tasks(), [&](std::size_t task, int worker) {
    execution_.weight_gradient(task, worker, shards_, gradients);
  });
}

// The gradient of the sample: all shards together, and through the posterior. A process alone does
// both chunk by chunk, while the chunk is in the cache.
void BatchGradient::collect(int sample, const float* parameters, const ShardDeal& deal) {
  const bool is_alone = exchange_.exchange().is_alone(), has_shards = !shards_.empty();
  const std::size_t states = state_chunks_.size();
  const ChunkRange own = exchange_.own();
  const auto finish = [&](std::size_t i) {
    if (i < states) return finish_state(state_chunks_[i], sample);
    finish_gradient(chunks_[own.begin + i - states], parameters, sample);
  };
  pool_.run(has_shards ? states + chunks_.size() : 0, [&](std::size_t i, int worker) {
    reduce(i < states ? state_chunks_[i] : chunks_[i - states], worker, gradient_of(sample));
    if (is_alone) finish(i);
  });
  if (is_alone) return;
  exchange_.sum(gradients_of(sample), deal);
  pool_.run(states + own.size(), [&](std::size_t i, int) { finish(i); });
}

void BatchGradient::add_results(const ShardDeal& deal, BatchLoss& loss) {
  StepReport report;
  const std::size_t begin = deal.begin(exchange_.exchange().rank());
  if (!shards_.empty()) {
    tree_sum(shards_.size(), kResults, result_sums_.data(), [&](std::size_t shard, double* out) {
      out[0] = results_[shard].nll;
      out[1] = results_[shard].correct;
      out[2] = results_[shard].activity_penalty;
    });
    report = {
        .nll = result_sums_[0], .correct = result_sums_[1], .activity_penalty = result_sums_[2]};
  }
  const auto nodes = static_cast<std::int64_t>(graph_.nodes().size());
  for (std::size_t i = shards_.size(); i-- > 0;) {
    if (results_[i].non_finite_node < 0) continue;
    report.fault = static_cast<std::int64_t>(begin + i) * nodes + results_[i].non_finite_node;
  }
  report = exchange_.exchange().total(report, deal);
  if (report.fault != StepReport::kNoFault && non_finite_node_ < 0) {
    non_finite_node_ = static_cast<int>(report.fault % nodes);
  }
  loss.nll += report.nll / spec_.samples;
  loss.correct += report.correct / spec_.samples;
  loss.activity_penalty += report.activity_penalty / spec_.samples;
}

void BatchGradient::draw_weights(std::uint32_t draw, const float* parameters) {
  pool_.run(chunks_.size(), [&](std::size_t i, int) {
    if (!chunks_[i].scale) return;
    draw_chunk(layout_, chunks_[i], parameters, spec_.seed, Site::weight_noise, draw, noise_.data(),
               draws_.data());
  });
}

// A batch smaller than the number of shards has one shard an example.
ShardDeal BatchGradient::cut_shards(std::span<const std::uint32_t> examples, std::uint32_t draw,
                                    const float* parameters) {
  const std::size_t count = shards_of(spec_, examples.size());
  const ShardDeal deal(count, exchange_.exchange().processes());
  const int rank = exchange_.exchange().rank();
  const std::size_t begin = first_of_shard(deal.begin(rank), examples.size(), count);
  const auto weight =
      static_cast<float>(1.0 / (static_cast<double>(examples.size()) * spec_.samples));
  common_pass_ = {
      0, parameters, draws_.data(), {spec_.seed, draw, false, {}}, true, Products(spec_.products)};
  shards_.clear();
  for (std::size_t i = deal.begin(rank); i < deal.end(rank); ++i) {
    const std::size_t first = first_of_shard(i, examples.size(), count);
    const std::size_t size = first_of_shard(i + 1, examples.size(), count) - first;
    Shard shard{first - begin, common_pass_, weight};
    shard.pass.examples = static_cast<int>(size);
    shard.pass.noise.examples = std::span(positions_).subspan(first, size);
    shards_.push_back(shard);
  }
  return deal;
}

void BatchGradient::run_shard(std::size_t index, int worker,
                              std::span<const std::uint32_t> examples, std::uint64_t step) {
  const Shard& shard = shards_[index];
  const auto own = examples.subspan(shard.first, static_cast<std::size_t>(shard.pass.examples));
  loader_.fill_augmented(own, static_cast<std::uint32_t>(step),
                         execution_.input(worker, shard.first));
  float* gradient = shard_gradients_.begin(index);
  execution_.forward(worker, shard, state_chunks_.empty() ? nullptr : gradient);
  results_[index] = score_shard(shard, worker, own, step);
  execution_.backward(worker, shard, gradient);
  shard_gradients_.end(index);
}

// The loss of a shard, and its gradient for the outputs.
BatchGradient::ShardResult BatchGradient::score_shard(const Shard& shard, int worker,
                                                      std::span<const std::uint32_t> examples,
                                                      std::uint64_t step) {
  const std::size_t width = likelihood_.outputs();
  const float* outputs = execution_.outputs(worker, shard.first);
  float* gradient = execution_.outputs_gradient(worker, shard.first);
  ShardResult result;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const std::span<const float> row(outputs + i * width, width);
    const std::span<float> row_gradient(gradient + i * width, width);
    if (loader_.mixes()) {
      const Mixture mixture = loader_.mixture(static_cast<std::uint32_t>(step), examples[i]);
      score_mixture(row, examples[i], mixture, worker, shard.weight, row_gradient, result);
      continue;
    }
    const Target target = targets_[examples[i]];
    result.nll += likelihood_.loss(row, target, shard.weight, row_gradient);
    result.correct += right(likelihood_, row, target);
  }
  result.activity_penalty = execution_.activity_penalty(worker, shard);
  if (!std::isfinite(result.nll) || !std::isfinite(result.activity_penalty)) {
    result.non_finite_node = execution_.first_non_finite(worker, shard);
  }
  return result;
}

// Adds the loss of two targets by their shares.
void BatchGradient::score_mixture(std::span<const float> outputs, std::uint32_t example,
                                  const Mixture& mixture, int worker, float weight,
                                  std::span<float> gradient, ShardResult& result) {
  const std::size_t width = outputs.size();
  const std::span<float> other =
      std::span(partner_gradient_).subspan(static_cast<std::size_t>(worker) * width, width);
  const Target target = targets_[example], partner = targets_[mixture.partner];
  const float share = mixture.share, rest = 1.0f - mixture.share;
  const double loss = likelihood_.loss(outputs, target, share * weight, gradient);
  const double partner_loss = likelihood_.loss(outputs, partner, rest * weight, other);
  add(other.data(), width, gradient.data());
  result.nll += static_cast<double>(share) * loss + static_cast<double>(rest) * partner_loss;
  result.correct += static_cast<double>(share) * right(likelihood_, outputs, target) +
                    static_cast<double>(rest) * right(likelihood_, outputs, partner);
}

// Adds up the shards of this process.
void BatchGradient::reduce(const Chunk& chunk, int worker, float* gradient) {
  for (const auto& index : chunk.variables()) {
    if (!index) continue;
    const Variable& variable = layout_.variables()[*index];
    if (!variable.is_state() && (!variable.trainable || variable.deferred)) continue;
    shard_gradients_.reduce(chunk, *index, worker, gradient);
  }
}

// Takes the chunk's gradient through the posterior, and adds it to that of earlier samples.
void BatchGradient::finish_gradient(const Chunk& chunk, const float* parameters, int sample) {
  if (!layout_.variables()[chunk.variable].trainable) return;
  float* gradient = gradient_of(sample);
  if (chunk.scale) {
    draw_gradient_to_posterior(layout_, chunk, parameters, noise_.data(), gradient,
                               scale_derivative(spec_.optimizer));
  }
  if (sample == 0) return;
  for (const auto& variable : chunk.variables()) {
    if (!variable) continue;
    add(part(layout_, *variable, chunk, gradient).data(), chunk.size,
        part(layout_, *variable, chunk, gradient_.data()).data());
  }
}

// What the layers add up for their state becomes the mean over the samples.
void BatchGradient::finish_state(const Chunk& chunk, int sample) {
  if (sample == 0) return;
  const auto total = part(layout_, chunk.variable, chunk, gradient_.data());
  add(part(layout_, chunk.variable, chunk, gradient_of(sample)).data(), chunk.size, total.data());
  if (sample + 1 < spec_.samples) return;
  for (float& x : total) x /= static_cast<float>(spec_.samples);
}

std::string BatchGradient::non_finite_layer() const {
  return non_finite_node_ < 0 ? ""
                              : graph_.nodes()[static_cast<std::size_t>(non_finite_node_)].name;
}

std::size_t BatchGradient::bytes(const Graph& graph, const TrainingSpec& spec,
                                 const ExecutionPlan& plan) {
  const ParameterLayout& layout = graph.layout();
  const bool several = spec.samples > 1;
  const std::size_t gradients =
      gradient_size(layout, plan, true) + (several ? gradient_size(layout, plan, false) : 0);
  return plan.bytes() + sizeof(float) * (2 * layout.size() + gradients - plan.prepared_floats) +
         ShardGradients::bytes(layout, static_cast<std::size_t>(spec.shards), plan.limits.workers);
}

}  // namespace bnn
