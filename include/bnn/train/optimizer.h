#pragma once
// An optimizer moves the parameters down the gradient of
//
//   loss = mean NLL + λ/N KL(q || p) + penalties on variables.
//
// The trainer calls begin_step, and then update for every chunk of trained parameters. An optimizer
// says in which of two forms it takes the gradient (GradientForm). One form is the sum for the
// stored variables. The other is two parts for means and sigma: the gradient of the NLL, and that
// of the other terms. The second form is for methods that treat the terms differently, above all
// variational Newton methods (Khan et al., ICML 2018; Shen et al., ICML 2024), which take the
// curvature of the NLL from d NLL / d sigma. Such a method holds sigma in a state of its own and
// writes the stored scale in `update`.
//
// The state is a few named arrays with a number for each parameter. Checkpoints hold and restore
// them by these names (tensor_names.h).
//
// A new optimizer is a pair of files like adam.h and adam.cpp, and a row in optimizer_types.cpp.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bnn/bayes/parameter_layout.h"
#include "bnn/core/aligned_array.h"
#include "bnn/model/chunks.h"

namespace bnn {

class ObjectReader;
struct TrainingSpec;

/// What an optimizer must know of the step at hand.
struct OptimizerStep {
  std::uint64_t number;         // counted from 1
  double learning_rate;         // after the schedule
  float kl_scale;               // λ/N, after annealing
  std::uint64_t planned_steps;  // of all epochs
};

enum class GradientForm {
  /// The gradient of the loss for means and untransformed scales, in one array.
  sum,
  /// Two arrays, both for means and sigma: the gradient of the NLL, and that of λ/N KL and the
  /// penalties.
  parts,
};

/// The gradient for one chunk. Penalties on outputs of layers count as a part of the NLL.
struct ChunkGradient {
  ChunkParts<const float> loss;            // sum: of the whole loss; parts: of the NLL
  ChunkParts<const float> regularization;  // parts: of λ/N KL and the penalties; sum: empty
  float factor;  // what clipping leaves: every number above is to be multiplied by it
};

/// What is known of an array before it is made.
struct StateSpec {
  std::string name;           // without "/"
  bool non_negative = false;  // else a checkpoint is refused
};

struct StateArray {
  StateSpec spec;
  AlignedArray values;  // of the layout of the parameters
};

class Optimizer {
 public:
  /// Makes the arrays of the state, zero-filled. The layout must outlive this.
  Optimizer(const ParameterLayout& layout, const std::vector<StateSpec>& state);
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Called before a step draws the weights. At step 1 the parameters have their first values and
  /// the state is zero; an optimizer that holds sigma itself makes its state from the stored scales
  /// then, or writes scales of its own.
  virtual void begin_step(const OptimizerStep& step, AlignedArray& parameters) = 0;

  /// Throws Error(checkpoint) if state that a checkpoint held, which may be anything finite, is
  /// none of this optimizer.
  virtual void check_state() const {}

  /// Moves the values of one chunk and its part of the state. Called for different chunks at the
  /// same time. A trainable prior's number comes as a chunk of one element of a point variable; its
  /// scale as ln scale.
  virtual void update(const Chunk& chunk, const ChunkGradient& gradient,
                      const ChunkParts<float>& values) = 0;

  /// One more array behind those of the optimizer, for what a trainer keeps beside them.
  void add_state(const StateSpec& spec);
  std::vector<StateArray>& state() { return state_; }
  const std::vector<StateArray>& state() const { return state_; }

 protected:
  /// The chunk's part of the array number `index`.
  ChunkParts<float> state_of(std::size_t index, const Chunk& chunk);

  const ParameterLayout& layout_;

 private:
  std::vector<StateArray> state_;
};

/// The optimizer that a config asks for.
struct OptimizerSpec {
  double learning_rate;          // what the schedule starts from
  GradientForm form;             // in which `update` takes the gradient
  std::vector<StateSpec> state;  // arrays of the optimizer that `make` makes
  std::function<std::unique_ptr<Optimizer>(const ParameterLayout&)> make;
  /// Throws Error(config), a sentence for what of the network or of the training does not go with
  /// the optimizer. None: everything does.
  std::function<void(const ParameterLayout&, const TrainingSpec&)> require_fit = {};
  /// The key that bounds its steps, for advice in messages.
  std::string clip_key = "gradient_clip_norm";
};

/// Whether decoupled weight decay shrinks the variable: a kernel, or the means of one.
bool is_decayed(const Variable& variable);

/// The key for what the learning rate of untransformed scales is multiplied by.
double read_scale_learning_rate_factor(ObjectReader& reader);

}  // namespace bnn
