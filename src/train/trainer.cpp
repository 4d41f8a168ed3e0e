#include "bnn/train/trainer.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <sstream>

#include "bnn/core/error.h"
#include "bnn/math/vector_ops.h"

namespace bnn {
namespace {

// Above it, squares of the gradient, which Adam keeps, do not fit float32.
constexpr double kMaxNorm = 1e18;

[[noreturn]] void fail_too_large(std::uint64_t step, double norm) {
  std::ostringstream text;
  text << "step " << step << ": the gradient has a norm of " << norm
       << ", more than float32 can square; a wider prior, smaller penalties or gradient_clip_norm "
          "may help";
  throw Error(ErrorKind::numerical, text.str());
}

}  // namespace

Trainer::Trainer(const Graph& graph, const Likelihood& likelihood, const Targets& targets,
                 const TrainingSpec& spec, const TrainingLoader& loader, ThreadPool& pool)
    : likelihood_(likelihood),
      layout_(graph.layout()),
      spec_(spec),
      loader_(loader),
      pool_(pool),
      batch_gradient_(graph, likelihood, targets, spec, loader, pool),
      parameter_loss_(layout_, batch_gradient_.chunks(), spec.seed, pool.size()),
      parameters_(layout_.size()),
      m_(layout_.size()),
      v_(layout_.size()),
      chunk_square_(batch_gradient_.chunks().size()) {
  initialize_parameters(layout_, spec.seed, parameters_);
  for (std::size_t i = 0; i < layout_.variables().size(); ++i) {
    const Variable& variable = layout_.variables()[i];
    if (variable.trainable && !variable.constraint.empty()) constrained_variables_.push_back(i);
  }
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
  const BatchLoss loss = batch_gradient_.compute(parameters_.data(), step, examples);
  stats.nll = loss.nll;
  stats.correct = loss.correct;

  const auto kl_scale =
      static_cast<float>(stats.kl_weight / static_cast<double>(loader_.examples()));
  const AdamStep adam = adam_step(spec_.adam, stats.learning_rate, step);
  const double norm = add_parameter_gradient(step, kl_scale, adam);
  stats.kl = parameter_loss_.kl();
  stats.penalty =
      parameter_loss_.penalty() + loss.activity_penalty / static_cast<double>(examples.size());
  if (!std::isfinite(stats.nll + stats.kl + stats.penalty + norm)) fail_non_finite(step);
  if (!clips() && norm > kMaxNorm) fail_too_large(step, norm);

  float scale = 1.0f;
  if (clips()) {
    scale = static_cast<float>(std::min(1.0, spec_.gradient_clip_norm / norm));
    const auto& chunks = batch_gradient_.chunks();
    pool_.run(chunks.size(), [&](std::size_t i, int) { update(chunks[i], adam, scale); });
  }
  update_priors(adam, scale);
  project_variables();
  return stats;
}

// Completes the gradient and returns its norm. Without clipping nothing waits for that norm, so a
// chunk is updated while it is in the cache.
double Trainer::add_parameter_gradient(std::uint64_t step, float kl_scale, const AdamStep& adam) {
  const auto& chunks = batch_gradient_.chunks();
  float* gradient = batch_gradient_.gradient().data();
  parameter_loss_.begin(parameters_.data(), step);
  pool_.run(chunks.size(), [&](std::size_t i, int worker) {
    parameter_loss_.add_gradient(i, worker, parameters_.data(), kl_scale, gradient);
    chunk_square_[i] = square_of(chunks[i]);
    if (!clips()) update(chunks[i], adam, 1.0f);
  });
  parameter_loss_.finish(kl_scale, gradient);
  double square = std::accumulate(chunk_square_.begin(), chunk_square_.end(), 0.0);
  for (const RandomTensor& tensor : layout_.random_tensors()) {
    if (!is_trained(tensor)) continue;
    for (const std::size_t variable : {*tensor.prior_loc, *tensor.prior_scale}) {
      const auto g = static_cast<double>(gradient[layout_.variables()[variable].slice.offset]);
      square += g * g;
    }
  }
  return std::sqrt(square);
}

double Trainer::square_of(const Chunk& chunk) {
  if (!layout_.variables()[chunk.variable].trainable) return 0.0;
  double square = 0.0;
  for (const auto& variable : {std::optional(chunk.variable), chunk.scale}) {
    if (!variable) continue;
    const auto gradient = part(layout_, *variable, chunk, batch_gradient_.gradient().data());
    square += sum_terms(gradient.size(), [&](std::size_t i) {
      const auto g = static_cast<double>(gradient[i]);
      return g * g;
    });
  }
  return square;
}

void Trainer::update(const Chunk& chunk, const AdamStep& adam, float gradient_scale) {
  if (!layout_.variables()[chunk.variable].trainable) return;
  for (const auto& variable : {std::optional(chunk.variable), chunk.scale}) {
    if (!variable) continue;
    adam_update(
        adam, gradient_scale, part(layout_, *variable, chunk, batch_gradient_.gradient().data()),
        part(layout_, *variable, chunk, parameters_.data()),
        part(layout_, *variable, chunk, m_.data()), part(layout_, *variable, chunk, v_.data()));
  }
}

bool Trainer::is_trained(const RandomTensor& tensor) const {
  return tensor.prior_loc && layout_.variables()[*tensor.prior_loc].trainable;
}

void Trainer::update_priors(const AdamStep& adam, float gradient_scale) {
  const auto update_number = [&](std::size_t variable, float& value) {
    const std::size_t place = layout_.variables()[variable].slice.offset;
    const auto one = [&](AlignedArray& array) { return array.span().subspan(place, 1); };
    adam_update(adam, gradient_scale, one(batch_gradient_.gradient()), {&value, 1}, one(m_),
                one(v_));
  };
  for (const RandomTensor& tensor : layout_.random_tensors()) {
    if (!is_trained(tensor)) continue;
    const auto& variables = layout_.variables();
    update_number(*tensor.prior_loc, parameters_.span()[variables[*tensor.prior_loc].slice.offset]);
    float& scale = parameters_.span()[variables[*tensor.prior_scale].slice.offset];
    float log_scale = std::log(scale);
    update_number(*tensor.prior_scale, log_scale);
    scale = std::exp(log_scale);
  }
}

void Trainer::project_variables() {
  pool_.run(constrained_variables_.size(), [&](std::size_t i, int) {
    const Variable& variable = layout_.variables()[constrained_variables_[i]];
    project(variable.constraint, variable.columns(),
            parameters_.span().subspan(variable.slice.offset, variable.slice.size));
  });
}

double Trainer::kl(std::uint64_t step) {
  parameter_loss_.begin(parameters_.data(), step);
  pool_.run(batch_gradient_.chunks().size(), [&](std::size_t i, int worker) {
    parameter_loss_.add_gradient(i, worker, parameters_.data(), 0.0f, nullptr);
  });
  parameter_loss_.finish(0.0f, nullptr);
  return parameter_loss_.kl();
}

void Trainer::fail_non_finite(std::uint64_t step) const {
  const std::string layer = batch_gradient_.non_finite_layer();
  throw Error(ErrorKind::numerical,
              "step " + std::to_string(step) + ": " +
                  (layer.empty() ? std::string("the gradient, a penalty or the KL")
                                 : "the output of layer \"" + layer + "\"") +
                  " is not finite; a lower learning rate, warm-up or gradient_clip_norm may help");
}

std::size_t Trainer::bytes(const Graph& graph, const TrainingSpec& spec, int threads) {
  return BatchGradient::bytes(graph, spec, threads) + ParameterLoss::bytes(threads) +
         3 * sizeof(float) * graph.layout().size();
}

}  // namespace bnn
