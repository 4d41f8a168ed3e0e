// What IVON refuses.

#include <fmt/format.h>
#include <string>

#include "bnn/core/error.h"
#include "bnn/train/ivon.h"
#include "bnn/train/training_spec.h"

namespace bnn {
namespace {

[[noreturn]] void refuse_with_ivon(const std::string& what) {
  throw Error(ErrorKind::config, what + "; /training/optimizer is ivon");
}

void refuse_training(const TrainingSpec& training) {
  if (training.kl.weight <= 0.0) {
    refuse_with_ivon(
        "/training/kl/weight: expected a number above 0, as posteriors have the scale that the KL "
        "gives them");
  }
  if (training.kl.annealing_epochs > 0.0) {
    refuse_with_ivon(
        "/training/kl/annealing_epochs: expected 0, as posteriors have the scale that the present "
        "weight of the KL gives them, which begins at 0");
  }
  if (training.gradient_clip_norm > 0.0) {
    refuse_with_ivon(
        "/training/gradient_clip_norm: expected 0, as shortened gradients would look like less "
        "curvature and widen the posteriors; clip_radius of the optimizer clips the steps");
  }
}

// Where a layer's tensor was described: layer "conv1", kernel_prior_fn.
std::string place_of(const std::string& loc, const std::string& key) {
  const std::string name = deterministic_name(loc);
  const std::size_t slash = name.rfind('/');
  return fmt::format("layer \"{}\": {}{}", name.substr(0, slash), name.substr(slash + 1), key);
}

void refuse_tensor(const ParameterLayout& layout, const RandomTensor& tensor) {
  const Variable& scale = layout.variables()[tensor.untransformed_scale];
  const std::string& loc = layout.variables()[tensor.loc].name;
  if (!tensor.prior) {
    refuse_with_ivon(place_of(loc, "_prior_fn") +
                     ": expected a normal prior, and a divergence from it, as no posterior has a "
                     "scale without them");
  }
  if (tensor.prior->kind != Prior::Kind::normal) {
    refuse_with_ivon(place_of(loc, "_prior_fn") +
                     ": expected a normal prior, whose curvature is the same everywhere");
  }
  if (tensor.prior->trainable) {
    refuse_with_ivon(place_of(loc, "_prior_fn") + ": expected \"trainable\": false");
  }
  if (tensor.divergence.samples > 0) {
    refuse_with_ivon(place_of(loc, "_divergence_fn") +
                     ": expected \"kl\", the closed form, and not \"monte_carlo\"");
  }
  if (!scale.regularizer.empty()) {
    refuse_with_ivon(place_of(loc, "_posterior_fn") +
                     ": untransformed_scale_regularizer: expected null, as scales follow from the "
                     "curvature alone");
  }
  if (!scale.constraint.empty()) {
    refuse_with_ivon(place_of(loc, "_posterior_fn") +
                     ": untransformed_scale_constraint: expected null, as scales follow from the "
                     "curvature alone");
  }
}

}  // namespace

void require_ivon_fits(const ParameterLayout& layout, const TrainingSpec& training) {
  refuse_training(training);
  for (const RandomTensor& tensor : layout.random_tensors()) {
    if (layout.variables()[tensor.loc].trainable) refuse_tensor(layout, tensor);
  }
}

}  // namespace bnn
