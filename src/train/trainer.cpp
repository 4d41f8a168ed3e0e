#include "bnn/train/trainer.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <utility>

#include "bnn/bayes/mean_field_normal.h"
#include "bnn/exchange/agreement.h"
#include "bnn/math/vector_ops.h"

namespace bnn {
namespace {

// Above it, squares of the gradient, which optimizers keep, do not fit float32.
constexpr double kMaxNorm = 1e18;

[[noreturn]] void fail_too_large(std::uint64_t step, double norm, const std::string& clip_key) {
  throw AgreedError(
      ErrorKind::numerical,
      fmt::format("step {}: the gradient has a norm of {:.6g}, more than float32 can square; "
                  "a lower learning rate, a wider prior, smaller penalties or {} may help",
                  step, norm, clip_key));
}

double sum_of_squares(std::span<const float> values) {
  return sum_terms(values.size(), [&](std::size_t i) {
    const auto g = static_cast<double>(values[i]);
    return g * g;
  });
}

double square_of_sum(std::span<const float> a, std::span<const float> b) {
  return sum_terms(a.size(), [&](std::size_t i) {
    const double g = static_cast<double>(a[i]) + static_cast<double>(b[i]);
    return g * g;
  });
}

// A single number of a trainable prior.
Chunk number_chunk(std::size_t variable) { return {variable, std::nullopt, std::nullopt, 0, 1}; }

}  // namespace

Trainer::Trainer(const Graph& graph, const Likelihood& likelihood, const Targets& targets,
                 const TrainingSpec& spec, const TrainingLoader& loader, ThreadPool& pool,
                 std::optional<ExecutionPlan> plan, Exchange* exchange)
    : likelihood_(likelihood),
      layout_(graph.layout()),
      spec_(spec),
      loader_(loader),
      pool_(pool),
      batch_gradient_(graph, likelihood, targets, spec, loader, pool,
                      plan ? *std::move(plan)
                           : training_plan(graph, spec, pool.size(),
                                           exchange != nullptr ? exchange->processes() : 1),
                      exchange),
      parameter_loss_(layout_, batch_gradient_.chunks(), spec.seed, pool.size()),
      layer_state_(graph),
      parameters_(layout_.size(), MemoryUse::whole),
      parts_gradient_(keeps_parts() ? layout_.size() : 0),
      optimizer_(spec.optimizer.make(layout_)) {
  initialize_parameters(layout_, spec.seed, parameters_);
  const StateSpec mean{.name = "mean"};
  if (spec.average.any()) optimizer_->add_state(mean);
  for (std::size_t i = 0; i < layout_.variables().size(); ++i) {
    const Variable& variable = layout_.variables()[i];
    if (variable.trainable && !variable.constraint.empty()) constrained_variables_.push_back(i);
  }
}

std::uint64_t Trainer::steps_per_epoch() const {
  const auto batch = static_cast<std::uint64_t>(spec_.batch_size);
  return (loader_.examples() + batch - 1) / batch;
}

StepStats Trainer::step(std::uint64_t step, std::span<const std::uint32_t> examples,
                        std::optional<double> learning_rate) {
  StepStats stats;
  stats.examples = examples.size();
  stats.kl_weight = kl_weight_at(spec_.kl, step, steps_per_epoch());
  stats.learning_rate = learning_rate.value_or(learning_rate_at(
      spec_.schedule, spec_.optimizer.learning_rate, step, steps_per_epoch(), spec_.epochs));
  const auto kl_scale =
      static_cast<float>(stats.kl_weight / static_cast<double>(loader_.examples()));
  take_weights(step);
  optimizer_->begin_step({step, stats.learning_rate, kl_scale, spec_.epochs * steps_per_epoch()},
                         weights());
  const BatchLoss loss = batch_gradient_.compute(weights().data(), step, examples);
  stats.nll = loss.nll;
  stats.correct = loss.correct;
  if (!std::isfinite(loss.nll + loss.activity_penalty)) fail_non_finite(step);

  const double norm = finish_chunks(step, kl_scale);
  stats.kl = parameter_loss_.kl();
  stats.penalty =
      parameter_loss_.penalty() + loss.activity_penalty / static_cast<double>(examples.size());
  if (!std::isfinite(stats.nll + stats.kl + stats.penalty + norm)) fail_non_finite(step);
  if (!clips() && norm > kMaxNorm) fail_too_large(step, norm, spec_.optimizer.clip_key);

  float scale = 1.0f;
  if (clips()) {
    scale = static_cast<float>(std::min(1.0, spec_.gradient_clip_norm / norm));
    for_own_chunks([&](std::size_t i, int) { update(batch_gradient_.chunks()[i], scale); });
  }
  chunk_exchange().gather(weights().data(), Wait::step);
  update_priors(scale);
  project_variables();
  renew_layer_state(step, examples.size());
  average_weights(step);
  return stats;
}

// Calls visit(chunk, worker) for the chunks that this process moves.
template <typename Visit>
void Trainer::for_own_chunks(const Visit& visit) {
  const ChunkRange own = chunk_exchange().own();
  pool_.run(own.size(), [&](std::size_t i, int worker) { visit(own.begin + i, worker); });
}

// Where the gradient of KL and penalties goes: onto that of the data, or apart.
std::span<float> Trainer::regularization_gradient() {
  return keeps_parts() ? parts_gradient_.span() : batch_gradient_.gradient();
}

ChunkGradient Trainer::gradient_of(const Chunk& chunk, float factor) {
  const auto of = [&](std::span<const float> array) { return parts(layout_, chunk, array.data()); };
  if (!keeps_parts()) return {of(batch_gradient_.gradient()), {}, factor};
  return {of(batch_gradient_.gradient()), of(parts_gradient_.span()), factor};
}

// Completes the gradient and returns its norm. Without clipping nothing waits for that norm, so the
// optimizer moves a chunk while it is in the cache.
double Trainer::finish_chunks(std::uint64_t step, float kl_scale) {
  const auto& chunks = batch_gradient_.chunks();
  parameter_loss_.begin(weights().data(), step);
  for_own_chunks([&](std::size_t i, int worker) {
    add_regularization(i, worker, kl_scale);
    parameter_loss_.terms()[i].gradient_square = square_of(chunks[i]);
    if (!clips()) update(chunks[i], 1.0f);
  });
  chunk_exchange().gather_each(parameter_loss_.terms());
  const float* gradient = regularization_gradient().data();
  parameter_loss_.finish(kl_scale, regularization_gradient().data());
  double square = 0.0;
  for (const ChunkTerms& terms : parameter_loss_.terms()) square += terms.gradient_square;
  for (const RandomTensor& tensor : layout_.random_tensors()) {
    if (!is_trained(tensor)) continue;
    for (const std::size_t variable : {*tensor.prior_loc, *tensor.prior_scale}) {
      const auto g = static_cast<double>(gradient[layout_.variables()[variable].slice.offset]);
      square += g * g;
    }
  }
  return std::sqrt(square);
}

void Trainer::add_regularization(std::size_t index, int worker, float kl_scale) {
  float* gradient = regularization_gradient().data();
  if (!keeps_parts()) {
    parameter_loss_.add_gradient(index, worker, weights().data(), kl_scale, gradient);
    return;
  }
  const Chunk& chunk = batch_gradient_.chunks()[index];
  const ChunkParts<float> part = parts(layout_, chunk, gradient);
  std::fill(part.loc.begin(), part.loc.end(), 0.0f);
  std::fill(part.scale.begin(), part.scale.end(), 0.0f);
  parameter_loss_.add_gradient(index, worker, weights().data(), kl_scale, gradient);
  scale_gradient_to_sigma(parts(layout_, chunk, std::as_const(weights()).data()).scale, part.scale);
}

double Trainer::square_of(const Chunk& chunk) {
  if (!layout_.variables()[chunk.variable].trainable) return 0.0;
  const auto [loss, regularization, factor] = gradient_of(chunk, 1.0f);
  if (!keeps_parts()) return sum_of_squares(loss.loc) + sum_of_squares(loss.scale);
  return square_of_sum(loss.loc, regularization.loc) +
         square_of_sum(loss.scale, regularization.scale);
}

void Trainer::update(const Chunk& chunk, float factor) {
  if (!layout_.variables()[chunk.variable].trainable) return;
  optimizer_->update(chunk, gradient_of(chunk, factor), parts(layout_, chunk, weights().data()));
}

bool Trainer::is_trained(const RandomTensor& tensor) const {
  return tensor.prior_loc && layout_.variables()[*tensor.prior_loc].trainable;
}

void Trainer::update_priors(float factor) {
  const auto update_number = [&](std::size_t variable, float& value) {
    const Chunk number = number_chunk(variable);
    optimizer_->update(number, gradient_of(number, factor), {{&value, 1}, {}});
  };
  for (const RandomTensor& tensor : layout_.random_tensors()) {
    if (!is_trained(tensor)) continue;
    const auto& variables = layout_.variables();
    update_number(*tensor.prior_loc, weights().span()[variables[*tensor.prior_loc].slice.offset]);
    float& scale = weights().span()[variables[*tensor.prior_scale].slice.offset];
    float log_scale = std::log(scale);
    update_number(*tensor.prior_scale, log_scale);
    scale = std::exp(log_scale);
  }
}

void Trainer::project_variables() {
  pool_.run(constrained_variables_.size(), [&](std::size_t i, int) {
    const Variable& variable = layout_.variables()[constrained_variables_[i]];
    project(variable.constraint, variable.columns(),
            weights().span().subspan(variable.slice.offset, variable.slice.size));
  });
}

void Trainer::renew_layer_state(std::uint64_t step, std::size_t examples) {
  const std::string broken =
      layer_state_.run(batch_gradient_.gradient().data(), examples, weights().data());
  if (broken.empty()) return;
  throw AgreedError(
      ErrorKind::numerical,
      fmt::format("step {}: the state of layer \"{}\" is not finite; a lower learning rate, "
                  "warm-up or {} may help",
                  step, broken, spec_.optimizer.clip_key));
}

// What the steps move: the parameters, or with averaging an array of their own, the state's last.
AlignedArray& Trainer::weights() {
  return spec_.average.any() ? optimizer_->state().back().values : parameters_;
}

// The optimizer's arrays in checkpoints leave the state of layers out. It is that of the
// parameters.
void Trainer::take_weights(std::uint64_t step) {
  if (!spec_.average.any()) return;
  if (step == 1) {
    std::copy(parameters_.span().begin(), parameters_.span().end(), weights().span().begin());
  } else {
    copy_layer_state(layout_, parameters_.data(), weights().data());
  }
}

void Trainer::average_weights(std::uint64_t step) {
  if (!spec_.average.any()) return;
  const auto share =
      static_cast<float>(average_share(spec_.average, step, steps_per_epoch(), spec_.epochs));
  for_own_chunks([&](std::size_t i, int) {
    average_chunk(layout_, batch_gradient_.chunks()[i], share, weights().data(),
                  parameters_.data());
  });
  copy_unaveraged(layout_, weights().data(), parameters_.data());
}

// The first process may still be writing the best checkpoint.
void Trainer::gather_parameters() {
  if (spec_.average.any()) chunk_exchange().gather(parameters_.data(), Wait::patient);
}

// The weights behind an average are needed whole, and so are numbers that are in no chunk.
void Trainer::share_state(std::size_t index, AlignedArray& values) {
  std::vector<StateArray>& state = optimizer_->state();
  AlignedArray& own = state[index].values;
  exchange().broadcast(values.span());
  if (&own == &values) return;
  if (&own == &weights()) {
    std::copy(values.span().begin(), values.span().end(), own.span().begin());
    return;
  }
  for_own_chunks([&](std::size_t i, int) {
    const Chunk& chunk = batch_gradient_.chunks()[i];
    for (const auto& variable : chunk.variables()) {
      if (!variable) continue;
      const auto from = part(layout_, *variable, chunk, std::as_const(values).data());
      std::copy(from.begin(), from.end(), part(layout_, *variable, chunk, own.data()).begin());
    }
  });
  copy_unaveraged(layout_, values.data(), own.data());
}

void Trainer::gather_state() {
  for (StateArray& array : optimizer_->state())
    chunk_exchange().gather_to_first(array.values.data());
}

double Trainer::kl(std::uint64_t step) {
  gather_parameters();
  parameter_loss_.begin(parameters_.data(), step);
  pool_.run(batch_gradient_.chunks().size(), [&](std::size_t i, int worker) {
    parameter_loss_.add_gradient(i, worker, parameters_.data(), 0.0f, nullptr);
  });
  parameter_loss_.finish(0.0f, nullptr);
  return parameter_loss_.kl();
}

void Trainer::fail_non_finite(std::uint64_t step) const {
  const std::string layer = batch_gradient_.non_finite_layer();
  const std::string what = layer.empty() ? "the gradient, a penalty or the KL"
                                         : fmt::format("the output of layer \"{}\"", layer);
  throw AgreedError(
      ErrorKind::numerical,
      fmt::format("step {}: {} is not finite; a lower learning rate, warm-up or {} may help", step,
                  what, spec_.optimizer.clip_key));
}

std::size_t Trainer::bytes(const Graph& graph, const TrainingSpec& spec,
                           const ExecutionPlan& plan) {
  const bool parts = spec.optimizer.form == GradientForm::parts;
  const std::size_t arrays =
      1 + spec.optimizer.state.size() + (parts ? 1 : 0) + (spec.average.any() ? 1 : 0);
  return BatchGradient::bytes(graph, spec, plan) + ParameterLoss::bytes(plan.limits.workers) +
         arrays * sizeof(float) * graph.layout().size();
}

}  // namespace bnn
