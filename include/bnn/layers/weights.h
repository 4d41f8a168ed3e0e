#pragma once
// The tensors of a layer that has weights: how a config describes them and where they lie.
//
// A Bayesian tensor is a mean-field normal posterior with two variables, `<tensor>_posterior_loc`
// and `<tensor>_posterior_untransformed_scale`; a singular posterior is a point, with loc alone. A
// deterministic tensor is one variable, `<tensor>`. The defaults of Bayesian tensors are those of
// TensorFlow Probability: loc ~ N(0, 0.1), untransformed scale ~ N(-3, 0.1), prior N(0, 1) on the
// kernel and none on the bias, which is singular.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bnn/bayes/parameter_layout.h"
#include "bnn/core/json_reader.h"

namespace bnn {

struct TensorSpec {
  Initializer loc = {};  // or the value, if deterministic
  /// Present for a posterior with a scale.
  std::optional<Initializer> untransformed_scale = {};
  std::optional<NormalPrior> prior = {};
};

struct WeightsSpec {
  bool bayesian = false;
  bool trainable = true;
  TensorSpec kernel = {};
  std::optional<TensorSpec> bias = {};
};

/// Reads `kernel_posterior_fn`, `bias_prior_fn` and their kin.
WeightsSpec read_bayesian_weights(ObjectReader& reader);
/// Reads `use_bias`, `kernel_initializer` and `bias_initializer`.
WeightsSpec read_deterministic_weights(ObjectReader& reader);

/// Where one tensor lies in the flat arrays.
struct WeightTensor {
  Slice value;
  Slice perturbation;  // empty: a point, no noise

  bool has_noise() const { return !perturbation.empty(); }
};

/// Where the tensors of one layer are declared.
struct WeightDeclarations {
  ParameterLayout& layout;
  const std::string& layer;  // its name
  const WeightsSpec& spec;
};

WeightTensor declare_kernel(const WeightDeclarations& where, std::vector<std::int64_t> shape,
                            bool deferred);
/// An empty tensor if the layer has no bias.
WeightTensor declare_bias(const WeightDeclarations& where, std::int64_t size);

}  // namespace bnn
