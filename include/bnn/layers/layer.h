#pragma once
// The layer contract.
//
// A layer is pure geometry: it knows its shapes, options and where its variables lie, and nothing
// else. It is immutable after construction; forward and backward are const, allocate nothing, start
// no threads and hold no random state; every buffer is an argument. Any number of threads may
// therefore call one layer at once, each with its own shard (a contiguous slice of a batch) and its
// own scratch memory.
//
// Parameters, gradients and draws are flat arrays of one ParameterLayout. The draw of a random
// tensor (see Draw in parameter_layout.h) lies in the slice of its untransformed scale. The layer
// returns its gradient in the same slice, and the posterior turns it into the gradients of the
// variables once per step. If draws are null, the layer uses the posterior means and no noise.
//
// A layer may own state that gradients do not train (VariableRole::state), such as running
// statistics of its inputs. In a training pass, forward adds the sums over its shard to the slices
// of the state in `state_sums`, for example sums of inputs. They are added over the shards in the
// tree of core/tree_sum.h and averaged over the samples of the step. update_state makes the new
// state from them and the old state, once per step, after the optimizer. All passes read the state
// in the parameters. Validation and prediction do not change it.

#include <cstddef>
#include <span>

#include "bnn/bayes/example_noise.h"
#include "bnn/bayes/parameter_layout.h"
#include "bnn/core/shape.h"
#include "bnn/math/products.h"

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
  Products products = {};
  /// The parameters are a sample of the weights, the same for all examples (weight_samples.h), and
  /// there are no draws. Noise that is no weight's has one name for all examples.
  bool shared_draws = false;

  bool has_noise() const { return draws != nullptr; }
};

struct ForwardArgs {
  const Pass& pass;
  std::span<const float* const> inputs;  // each [examples][input shape]
  float* output;                         // [examples][output shape], overwritten
  float* saved;                 // [examples][saved_size()], kept for backward; null if that is 0
  float* scratch;               // scratch_size(examples) floats
  float* state_sums = nullptr;  // an array of the layout, added into; null unless in training
  const float* prepared = nullptr;  // what prepare made for this pass
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
  const float* prepared = nullptr;
};

/// One task of what a layer makes of its weights before the shards of a batch run.
struct PrepareArgs {
  const Pass& pass;      // its examples are not read
  bool input_gradients;  // as given to prepared_size
  int task;
  float* prepared;  // prepared_size floats, of all tasks together
};

/// One shard as seen by weight_gradient.
struct ShardView {
  const Pass* pass;
  const float* input;
  const float* output_gradient;  // as backward left it
};

/// The most shards of a batch.
constexpr std::size_t kMaxShards = 1024;

/// The second phase of a step for layers with deferred variables: block `block` of the weight
/// gradient is summed over all shards, in the tree of core/tree_sum.h.
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
  /// How many numbers each sum adds up: the examples of the batch times the state_values of the
  /// layers that share the state.
  double count;
  float* parameters;  // an array of the layout; the layer writes its state there
};

class Layer {
 public:
  virtual ~Layer() = default;

  virtual Shape output_shape() const = 0;

  /// Floats that follow from parameters and draws alone and that all shards read, such as kernels
  /// in another form. `prepare` makes them, in tasks that may run at the same time.
  /// @param input_gradients whether backward will be asked for them
  virtual std::size_t prepared_size(bool /*input_gradients*/) const { return 0; }
  virtual int prepare_tasks(bool /*input_gradients*/) const { return 0; }
  virtual void prepare(const PrepareArgs& /*args*/) const {}

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
  /// True if one pass over many examples does the same work as one pass for each of them. Nothing
  /// is then read, made or added up once for all.
  virtual bool works_by_example() const { return true; }
  /// The fewest examples that a shard of a training pass may have.
  virtual int least_examples() const { return 1; }
  /// True if forward has noise of its own in a pass with noise, besides what is drawn for tensors.
  virtual bool has_noise() const { return false; }

  /// Blocks of the deferred weight gradient; 0 for layers whose backward does everything. Layers
  /// with blocks have one input, and leave in output_gradient what weight_gradient needs.
  virtual int weight_gradient_blocks() const { return 0; }
  virtual std::size_t weight_gradient_scratch(std::size_t /*shards*/, int /*examples*/) const {
    return 0;
  }
  virtual void weight_gradient(const WeightGradientArgs& /*args*/) const {}

  /// How many numbers of an example each sum of the state adds up.
  virtual double state_values() const { return 0.0; }

  /// Makes the new state. Called by one thread. If layers share their state, it is called for the
  /// first of them only.
  virtual void update_state(const UpdateStateArgs& /*args*/) const {}
};

}  // namespace bnn
