#pragma once
// The tensors of a layer that has weights: how a config describes them and where they lie.
//
// A Bayesian tensor is a mean-field normal posterior with two variables, `<tensor>_posterior_loc`
// and `<tensor>_posterior_untransformed_scale`; a singular posterior is a point, with loc alone. A
// trainable prior adds `<tensor>_prior_loc` and `<tensor>_prior_scale`. A deterministic tensor is
// one variable, `<tensor>`. read_weights.h has the keys and defaults.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bnn/bayes/parameter_layout.h"
#include "bnn/layers/layer.h"

namespace bnn {

/// How the randomness of a kernel reaches the examples of a batch.
enum class Estimator {
  flipout,                   // one perturbation for the batch, with signs for each example
  reparameterization,        // one sample for the batch
  local_reparameterization,  // the outputs are sampled, not the weights
  independent,               // a sample for each example: what the others approximate
};

/// The kinds of layer types that have weights, before a config says more.
enum class WeightsKind { deterministic, flipout, reparameterization, local_reparameterization };

struct VariableSpec {
  Initializer initializer = {};
  Regularizer regularizer = {};
  Constraint constraint = {};

  bool operator==(const VariableSpec&) const = default;
};

struct TensorSpec {
  VariableSpec loc = {};  // or the value, if deterministic
  /// Present for a posterior with a scale.
  std::optional<VariableSpec> untransformed_scale = {};
  /// tensor_fn "mean": the layer uses loc, without noise.
  bool uses_mean = false;
  std::optional<Prior> prior = {};  // none: no KL
  Divergence divergence = {};

  bool operator==(const TensorSpec&) const = default;
};

/// The tensor of most layers. Depthwise and separable convolutions have others.
inline const std::string kKernel = "kernel";

struct WeightsSpec {
  bool bayesian = false;
  bool trainable = true;
  Estimator estimator = Estimator::flipout;
  /// By the names of their tensors.
  std::map<std::string, TensorSpec> kernels = {};
  std::optional<TensorSpec> bias = {};

  bool operator==(const WeightsSpec&) const = default;
};

/// What is drawn for a kernel under the estimator.
Draw kernel_draw(const WeightsSpec& spec, const std::string& tensor = kKernel);

/// Where one tensor lies in the flat arrays.
struct WeightTensor {
  Slice loc;
  Slice draws;  // in the array of draws; empty if nothing is drawn
  Draw draw = Draw::none;

  std::size_t size() const { return loc.size; }
  /// Whether examples see different weights in this pass, or sampled outputs.
  bool differs_by_example(const Pass& pass) const {
    return pass.has_noise() && (draw == Draw::perturbation || draw == Draw::scale);
  }
  /// The numbers that all examples of the pass share: the sample if there is one, else loc.
  const float* common(const Pass& pass) const {
    return is_sampled(pass) ? pass.draws + draws.offset : pass.parameters + loc.offset;
  }
  /// Where the gradient for common() goes.
  float* common_gradient(const Pass& pass, float* gradient) const {
    return gradient + (is_sampled(pass) ? draws.offset : loc.offset);
  }
  /// The draw that each example makes its own weights or outputs of.
  const float* drawn(const Pass& pass) const { return pass.draws + draws.offset; }
  float* drawn_gradient(float* gradient) const { return gradient + draws.offset; }

 private:
  bool is_sampled(const Pass& pass) const { return pass.has_noise() && draw == Draw::sample; }
};

/// Where the tensors of one layer are declared.
struct WeightDeclarations {
  ParameterLayout& layout;
  const std::string& layer;  // whose variables they are
  const WeightsSpec& spec;
};

/// Declares the variables of a tensor, or finds those that a layer of the same name has declared.
/// Throws Error(config) if the shapes differ.
WeightTensor declare_kernel(const WeightDeclarations& where, std::vector<std::int64_t> shape,
                            bool deferred, const std::string& tensor = kKernel);
/// An empty tensor if the layer has no bias.
WeightTensor declare_bias(const WeightDeclarations& where, std::int64_t size);

/// Declares the variable "<layer>/<name>" of one number a channel, trained as a point, or finds the
/// one that a layer of the same name has declared. Throws Error(config) if the sizes differ.
Slice declare_vector(ParameterLayout& layout, const std::string& layer, const std::string& name,
                     std::size_t size, const VariableSpec& spec, bool trainable);

/// Declares the state "<layer>/<name>" (layer.h), or finds the one that a layer of the same name
/// has declared. Throws Error(config) if the shapes differ.
Slice declare_state(ParameterLayout& layout, const std::string& layer, const std::string& name,
                    std::vector<std::int64_t> shape, double initial_value);

}  // namespace bnn
