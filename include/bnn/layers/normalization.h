#pragma once
// What normalisation layers share: y = activation(gamma x̂ + beta), with one gamma and one beta for
// each channel, where x̂ = (x - mean) / sqrt(variance + epsilon). The layers differ in what mean and
// variance are taken over: batch_normalization.h, example_normalization.h.
//
// The keys are those of Keras: epsilon, center (whether there is a beta), scale (whether there is a
// gamma), and initialisers, regularizers and constraints of both. `activation` is applied in the
// same layer. gamma and beta are trained as points, whatever the estimator of the other layers.

#include <cstddef>
#include <optional>
#include <string>
#include <tuple>

#include "bnn/layers/activation.h"
#include "bnn/layers/layer_spec.h"
#include "bnn/layers/scratch.h"
#include "bnn/layers/weights.h"
#include "bnn/math/channel_loops.h"

namespace bnn {

class ObjectReader;

struct NormalizationSpec {
  double epsilon = 1e-3;
  std::optional<VariableSpec> gamma = {}, beta = {};
  std::optional<VariableSpec> tau = {};  // of filter response normalisation: y is at least tau
  Activation activation = Activation::linear;
  bool trainable = true;

  auto variables() const { return std::tie(gamma, beta, tau, trainable); }
};

/// epsilon, center, scale, activation, and the keys of gamma and beta.
NormalizationSpec read_normalization(ObjectReader& reader, double epsilon);

/// Rows of one number a channel.
struct NormalizationRows {
  float *center, *inverse;            // mean and 1 / sqrt(variance + epsilon)
  float *factor, *offset;             // gamma / sqrt(…) and beta
  float *gradient, *product, *below;  // ChannelGradientSums
  float *slope, *shift;               // ChannelCorrection

  NormalizationRows(std::size_t channels, Scratch& scratch);
};

/// The part of a normalisation layer that does not depend on where mean and variance come from.
class Normalizer {
 public:
  /// Declares gamma, beta and tau of the layer `name`.
  Normalizer(const NormalizationSpec& spec, const std::string& name, const Shape& shape,
             ParameterLayout& layout);

  const Shape& shape() const { return shape_; }
  /// The numbers of one example.
  const ChannelMap& map() const { return map_; }
  double epsilon() const { return epsilon_; }
  const float* gamma(const Pass& pass) const;  // null: 1

  /// Floats an example kept for backward: center and inverse, and the activation's input.
  std::size_t saved_size() const;

  /// rows.factor and rows.offset, from rows.inverse and the parameters.
  void set_scaling(const Pass& pass, const NormalizationRows& rows) const;
  /// y of one example. @param saved saved_size() floats, or null
  void scale(const Pass& pass, const NormalizationRows& rows, const float* x, float* y,
             float* saved) const;

  /// Takes one example's gradient through the activation, in place, and sums it up in rows.
  void sum_gradient(const Pass& pass, const NormalizationRows& rows, const float* x, const float* y,
                    const float* saved, float* dy) const;
  /// Adds what the sums in rows give for gamma, beta and tau.
  void add_parameter_gradient(const NormalizationRows& rows, float* gradient) const;
  /// dx of one example, from rows.slope and rows.shift.
  void input_gradient(const Pass& pass, const NormalizationRows& rows, const float* x,
                      const float* dy, float* dx) const;

 private:
  ChannelScaling scaling(const Pass& pass, const NormalizationRows& rows) const;

  Shape shape_;
  ChannelMap map_;
  double epsilon_;
  Activation activation_;
  Slice gamma_, beta_, tau_;
};

}  // namespace bnn
