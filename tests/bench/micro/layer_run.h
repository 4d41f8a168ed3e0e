#pragma once
// A layer made from a config snippet, and one shard's passes through it on random numbers.

#include <memory>
#include <string>
#include <vector>

#include "bnn/core/aligned_array.h"
#include "bnn/layers/make_layer.h"

namespace bnn {

class LayerRun {
 public:
  /// @param config a layer as in "model.layers".
  LayerRun(const std::string& config, const Shape& input, int examples);
  LayerRun(const LayerRun&) = delete;
  LayerRun& operator=(const LayerRun&) = delete;

  void forward();
  /// For a fixed gradient of the output. Gradients of parameters add up over calls.
  void backward();
  /// The deferred weight gradient, where a layer has one, of `shards` shards like this one.
  void weight_gradient(std::size_t shards);

  const Layer& layer() const { return *layer_; }

 private:
  int examples_;
  ParameterLayout layout_;
  std::unique_ptr<Layer> layer_;
  std::vector<std::uint32_t> names_;  // of the examples, in the streams of signs
  AlignedArray parameters_, draws_, gradient_;
  AlignedArray input_, input_gradient_, output_, output_gradient_, saved_, scratch_, prepared_;
  Pass pass_ = {};
};

}  // namespace bnn
