#pragma once
// The layer contract.
//
// A layer is pure geometry: it knows its shapes, options and where its variables lie, and nothing
// else. It is immutable after construction; forward and backward are const, allocate nothing, start
// no threads and hold no random state; every buffer is an argument. Hence any number of threads may
// call one layer at once, each on its own shard (a contiguous slice of a batch) and with its own
// scratch memory.
//
// Parameters, gradients and draws are flat arrays of one ParameterLayout. What was drawn for a
// random tensor (Draw in parameter_layout.h says what) lies in the slice of its untransformed
// scale, and its gradient is returned in that same slice; the posterior turns it into the
// variables' gradients later, once a step. Null draws mean the posterior means: no noise at all.
//
// A layer may own state that gradients do not train (VariableRole::state), such as running
// statistics of its inputs. In a training pass forward adds to `state_sums`, in the slices of the
// state, what its shard contributes: anything that makes sense when added over examples, a sum of
// inputs for example. These sums are added over the shards in the tree of core/tree_sum.h and
// averaged over the samples of the step; from them and the old state update_state makes the new
// one, once a step, after the optimizer. All shards of a step, and every other pass, read the state
// as it lies in the parameters. Validation and prediction do not change it.

#include <cstddef>
#include <span>

#include "bnn/bayes/example_noise.h"
#include "bnn/bayes/parameter_layout.h"
#include "bnn/core/shape.h"

namespace bnn {

/// The longest list of inputs that a layer may have.
constexpr std::size_t kMaxInputs = 16;

/// What one pass over one shard reads besides activations.
struct Pass {
  int examples = 0;
  const float* parameters = nullptr;
  const float* draws = nullptr;
  PassNoise noise = {};
  bool training = false;  // of a training step; validation and prediction are not

  bool has_noise() const { return draws != nullptr; }
};

struct ForwardArgs {
  const Pass& pass;
  std::span<const float* const> inputs;  // each [examples][input shape]
  float* output;                         // [examples][output shape], overwritten
  float* saved;                 // [examples][saved_size()], kept for backward; null if that is 0
  float* scratch;               // scratch_size(examples) floats
  float* state_sums = nullptr;  // an array of the layout, added into; null unless in training
};

struct BackwardArgs {
  const Pass& pass;
  std::span<const float* const> inputs;
  const float* output;
  float* output_gradient;                   // [examples][output shape]; a layer may overwrite it
  std::span<float* const> input_gradients;  // overwritten; null where not wanted
  float* gradient;                          // of the parameters, added into
  const float* saved;                       // null if saved_size() is 0
  float* scratch;
};

/// One shard as seen by weight_gradient.
struct ShardView {
  const Pass* pass;
  const float* input;
  const float* output_gradient;  // as backward left it
};

/// The second phase of a step for layers with deferred variables: block `block` of the weight
/// gradient takes every shard's contribution, added up in the tree of core/tree_sum.h.
struct WeightGradientArgs {
  std::span<const ShardView> shards;
  int block;
  bool accumulate;  // add to the block instead of overwriting it: another layer shares the variable
  float* gradient;  // of the parameters
  float* scratch;   // weight_gradient_scratch(shards, examples of the largest) floats
};

/// The end of a step for layers with state.
struct UpdateStateArgs {
  const float* sums;  // an array of the layout: what the shards contributed
  /// Examples that the sums are over: those of the batch, once for each layer that shares the
  /// state.
  double examples;
  float* parameters;  // an array of the layout, of which the layer writes its state
};

class Layer {
 public:
  virtual ~Layer() = default;

  virtual Shape output_shape() const = 0;
  virtual void forward(const ForwardArgs& args) const = 0;
  virtual void backward(const BackwardArgs& args) const = 0;

  /// Floats of scratch memory that forward and backward need.
  virtual std::size_t scratch_size(int /*examples*/) const { return 0; }
  /// Floats per example that backward needs from forward beyond inputs and output.
  virtual std::size_t saved_size() const { return 0; }
  /// Multiply-adds of one example's forward pass.
  virtual double multiply_adds() const { return 0.0; }
  /// True if the output is the input, number for number: nothing is computed or stored.
  virtual bool is_view() const { return false; }
  /// True if forward has noise of its own in a pass with noise, besides what is drawn for tensors.
  virtual bool has_noise() const { return false; }

  /// Blocks of the deferred weight gradient; 0 for layers whose backward does everything. Layers
  /// with blocks have one input, and leave in output_gradient what weight_gradient needs.
  virtual int weight_gradient_blocks() const { return 0; }
  virtual std::size_t weight_gradient_scratch(std::size_t /*shards*/, int /*examples*/) const {
    return 0;
  }
  virtual void weight_gradient(const WeightGradientArgs& /*args*/) const {}

  /// Makes the new state. Called by one thread; of layers that share their state only for the
  /// first.
  virtual void update_state(const UpdateStateArgs& /*args*/) const {}
};

}  // namespace bnn
