#include "bnn/layers/weights.h"

#include <fmt/format.h>
#include <utility>

#include "bnn/core/error.h"
#include "bnn/core/shape.h"

namespace bnn {
namespace {

// Adds the variable, or finds the one of its name that a layer has declared before.
Slice declare_variable(ParameterLayout& layout, Variable variable) {
  const Variable* existing = layout.find(variable.name);
  if (existing == nullptr) return layout.add(std::move(variable));
  if (existing->shape != variable.shape) {
    throw Error(
        ErrorKind::config,
        fmt::format("cannot share the variable \"{}\" of shape {}, since this layer needs "
                    "the shape {}",
                    variable.name, shape_text(existing->shape), shape_text(variable.shape)));
  }
  return existing->slice;
}

// The two numbers of a trainable prior.
void declare_prior(ParameterLayout& layout, const std::string& tensor, bool trainable,
                   RandomTensor& random) {
  const auto declare = [&](const std::string& name, double value) {
    Variable variable;
    variable.name = tensor + name;
    variable.initializer = {Initializer::Kind::constant, value, 0.0};
    variable.trainable = trainable;
    layout.add(std::move(variable));
    return layout.variables().size() - 1;
  };
  random.prior_loc = declare("_prior_loc", random.prior->loc);
  random.prior_scale = declare("_prior_scale", random.prior->scale);
}

WeightTensor declare(const WeightDeclarations& where, const std::string& tensor,
                     const TensorSpec& spec, Draw draw, const std::vector<std::int64_t>& shape,
                     bool deferred) {
  ParameterLayout& layout = where.layout;
  const std::size_t before = layout.variables().size();
  const bool trainable = where.spec.trainable;
  const std::string name = where.layer + "/" + tensor;
  const auto make = [&](const std::string& suffix, const VariableSpec& variable) {
    return declare_variable(layout,
                            {name + suffix, shape, variable.initializer, variable.regularizer,
                             variable.constraint, trainable, deferred});
  };
  WeightTensor result;
  result.loc = make(where.spec.bayesian ? "_posterior_loc" : "", spec.loc);
  if (!spec.untransformed_scale) return result;
  result.draw = draw;
  const Slice scale = make("_posterior_untransformed_scale", *spec.untransformed_scale);
  if (draw != Draw::none) result.draws = scale;
  if (layout.variables().size() == before) return result;  // shared, tensor and all
  RandomTensor random{before, before + 1, draw, spec.prior, spec.divergence};
  if (spec.prior && spec.prior->trainable) declare_prior(layout, name, trainable, random);
  layout.add(std::move(random));
  return result;
}

}  // namespace

Draw kernel_draw(const WeightsSpec& spec, const std::string& tensor) {
  const TensorSpec& kernel = spec.kernels.at(tensor);
  if (!kernel.untransformed_scale || kernel.uses_mean) return Draw::none;
  switch (spec.estimator) {
    case Estimator::flipout:
      return Draw::perturbation;
    case Estimator::reparameterization:
      return Draw::sample;
    case Estimator::local_reparameterization:
    case Estimator::independent:
      break;
  }
  return Draw::scale;
}

WeightTensor declare_kernel(const WeightDeclarations& where, std::vector<std::int64_t> shape,
                            bool deferred, const std::string& tensor) {
  return declare(where, tensor, where.spec.kernels.at(tensor), kernel_draw(where.spec, tensor),
                 shape, deferred);
}

WeightTensor declare_bias(const WeightDeclarations& where, std::int64_t size) {
  if (!where.spec.bias) return {};
  const TensorSpec& spec = *where.spec.bias;
  const bool is_sampled = spec.untransformed_scale && !spec.uses_mean;
  return declare(where, "bias", spec, is_sampled ? Draw::sample : Draw::none, {size}, false);
}

Slice declare_vector(ParameterLayout& layout, const std::string& layer, const std::string& name,
                     std::size_t size, const VariableSpec& spec, bool trainable) {
  return declare_variable(layout, {layer + "/" + name,
                                   {static_cast<std::int64_t>(size)},
                                   spec.initializer,
                                   spec.regularizer,
                                   spec.constraint,
                                   trainable});
}

Slice declare_state(ParameterLayout& layout, const std::string& layer, const std::string& name,
                    std::vector<std::int64_t> shape, double initial_value) {
  Variable variable;
  variable.name = layer + "/" + name;
  variable.shape = std::move(shape);
  variable.initializer = {Initializer::Kind::constant, initial_value, 0.0};
  variable.role = VariableRole::state;
  return declare_variable(layout, std::move(variable));
}

}  // namespace bnn
