#include "bnn/layers/weights.h"

#include <utility>

#include "bnn/core/error.h"

namespace bnn {
namespace {

Draw draw_of_kernel(const WeightsSpec& spec) {
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

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (const std::int64_t dimension : shape) {
    if (text.size() > 1) text.append(", ");
    text.append(std::to_string(dimension));
  }
  return text.append("]");
}

// A variable, new or shared.
class Declared {
 public:
  Declared(ParameterLayout& layout, Variable variable) : is_new_(false) {
    const Variable* existing = layout.find(variable.name);
    if (existing != nullptr) {
      if (existing->shape != variable.shape) {
        throw Error(ErrorKind::config, "cannot share the variable \"" + variable.name +
                                           "\" of shape " + shape_text(existing->shape) +
                                           ", since this layer needs the shape " +
                                           shape_text(variable.shape));
      }
      slice_ = existing->slice;
      return;
    }
    is_new_ = true;
    slice_ = layout.add(std::move(variable));
  }

  Slice slice() const { return slice_; }
  bool is_new() const { return is_new_; }

 private:
  Slice slice_;
  bool is_new_;
};

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
  const bool trainable = where.spec.trainable;
  const std::string name = where.layer + "/" + tensor;
  const auto make = [&](const std::string& suffix, const VariableSpec& variable) {
    return Declared(layout, {name + suffix, shape, variable.initializer, variable.regularizer,
                             variable.constraint, trainable, deferred});
  };
  WeightTensor result;
  result.loc = make(where.spec.bayesian ? "_posterior_loc" : "", spec.loc).slice();
  if (!spec.untransformed_scale) return result;
  const Declared scale = make("_posterior_untransformed_scale", *spec.untransformed_scale);
  result.draw = spec.uses_mean ? Draw::none : draw;
  if (result.draw != Draw::none) result.drawn = scale.slice();
  if (!scale.is_new()) return result;
  const std::size_t last = layout.variables().size() - 1;
  RandomTensor random{last - 1, last, result.draw, spec.prior, spec.divergence};
  if (spec.prior && spec.prior->trainable) declare_prior(layout, name, trainable, random);
  layout.add(std::move(random));
  return result;
}

}  // namespace

WeightTensor declare_kernel(const WeightDeclarations& where, std::vector<std::int64_t> shape,
                            bool deferred) {
  return declare(where, "kernel", where.spec.kernel, draw_of_kernel(where.spec), shape, deferred);
}

WeightTensor declare_bias(const WeightDeclarations& where, std::int64_t size) {
  if (!where.spec.bias) return {};
  return declare(where, "bias", *where.spec.bias, Draw::sample, {size}, false);
}

}  // namespace bnn
