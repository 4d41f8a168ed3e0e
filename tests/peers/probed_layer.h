#pragma once
// One layer of a config, run forward and backward as a training step runs it, with everything that
// it drew. Another implementation that is given the same weights and noise must give the same
// outputs, KL and gradients.
//
//   loss = sum of output_gradient ∘ outputs + activity penalty / N
//
// N is the number of examples. Gradients of this loss and those of KL and penalties on variables
// are given apart. Not thread-safe.

#include <memory>
#include <string>
#include <vector>

#include "bnn/core/aligned_array.h"
#include "bnn/files/safetensors.h"
#include "bnn/layers/layer_spec.h"
#include "bnn/model/chunks.h"

namespace bnn {

class ProbedLayer {
 public:
  /// Takes from the tensors `inputs` [N][input], `output_gradient` [N][output], and the layer's
  /// variables by their names. Throws Error(config) if the layer does not fit the inputs,
  /// Error(data) if a tensor is missing or has another shape.
  ProbedLayer(const LayerSpec& spec, const std::vector<Tensor>& tensors);

  /// Runs it. Tensors of the result:
  ///   outputs, inputs_gradient     as the inputs of this class
  ///   gradient/V, kl_gradient/V    of the loss, and of KL and penalties, for each variable V
  ///   kl, penalty, activity_penalty   one number each
  ///   noise/V                      standard normal, of the untransformed scale V
  ///   noise/V/divergence           [draws][shape of V], where the divergence is Monte Carlo
  ///   noise/input_signs [N][channels], noise/output_signs [N][filters]
  ///   noise/outputs                [N][output], of local reparameterization
  ///   noise/weights                [N][kernel], of the estimator `independent`
  std::vector<Tensor> run();

 private:
  void draw_weights();
  std::vector<float> prepared() const;
  void forward();
  void backward(std::vector<float> output_gradient);
  void collect_gradients();
  void collect_divergence();
  void collect_noise_of_weights();
  void collect_noise_of_examples();
  void add(const std::string& name, std::vector<std::int64_t> shape, std::vector<float> values);
  template <typename Fill>
  void add_rows(const std::string& name, const std::vector<std::int64_t>& shape, const Fill& fill);
  void add_variables(const std::string& prefix, const AlignedArray& values);

  LayerSpec spec_;
  const Tensor& inputs_;
  const Tensor& output_gradient_;
  LayerNoise noise_name_;
  ParameterLayout layout_;
  std::unique_ptr<Layer> layer_;
  std::vector<Chunk> chunks_;
  AlignedArray parameters_, noise_, draws_, gradient_;
  std::vector<std::uint32_t> examples_;  // 0, 1, …
  Pass pass_;
  std::vector<float> outputs_, inputs_gradient_, saved_, scratch_;
  std::vector<Tensor> results_;
};

}  // namespace bnn
