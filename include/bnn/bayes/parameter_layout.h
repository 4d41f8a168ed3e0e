#pragma once
// Where every variable of a network lies.
//
// All variables share one flat array; a variable is a named slice of it. Parameters, gradients and
// optimizer moments are arrays of the same layout, so zeroing, reducing, updating and saving are
// loops over flat memory. Layers declare their variables while a graph is built; after that the
// layout never changes and may be read from any thread.
//
// Most variables are parameters. A layer may also own state, which no gradient trains: running
// statistics of its inputs, for example. State lies in the same array and is saved and restored
// like a parameter, but no optimizer, prior, regularizer or constraint ever sees it: only its layer
// writes it, once a step (Layer::update_state).

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bnn/bayes/divergence.h"
#include "bnn/bayes/prior.h"
#include "bnn/core/aligned_array.h"
#include "bnn/math/constraint.h"
#include "bnn/math/initializer.h"
#include "bnn/math/regularizer.h"

namespace bnn {

struct Slice {
  std::size_t offset = 0;
  std::size_t size = 0;

  bool empty() const { return size == 0; }
};

enum class VariableRole { parameter, state };

struct Variable {
  std::string name;  // "<layer>/kernel_posterior_loc": the name in checkpoints
  std::vector<std::int64_t> shape;
  Initializer initializer;
  Regularizer regularizer = {};
  Constraint constraint = {};
  bool trainable = true;  // add() makes it false for state
  /// The gradient is made after the shards' backward passes, over blocks of the variable
  /// (Layer::weight_gradient), instead of by each shard.
  bool deferred = false;
  VariableRole role = VariableRole::parameter;
  Slice slice = {};

  bool is_state() const { return role == VariableRole::state; }

  /// The last dimension: outputs of a kernel.
  std::size_t columns() const;
};

/// "conv1/kernel" of "conv1/kernel_posterior_loc": the tensor that a random tensor stands for.
/// Other names stay as they are.
std::string deterministic_name(std::string variable);

/// What one draw of a random tensor writes to the slice of its untransformed scale. The layer that
/// uses it returns the derivative of the loss for these numbers in the same slice.
enum class Draw {
  none,          // nothing: the layer uses loc alone
  sample,        // w = loc + sigma ∘ noise, one for the whole batch: dL/dw
  perturbation,  // D = sigma ∘ noise, which flipout turns into one per example: dL/dD
  scale,         // sigma: the layer has noise of its own: dL/dsigma
};

/// One tensor of random weights, q(w) = Normal(loc, 2^-23 + softplus(untransformed_scale))
/// elementwise; the two variables are of one shape. Numbers are indices of variables.
struct RandomTensor {
  std::size_t loc, untransformed_scale;
  Draw draw = Draw::perturbation;
  std::optional<Prior> prior = {};  // none: no KL
  Divergence divergence = {};
  /// Location and scale of a trainable prior, one number each.
  std::optional<std::size_t> prior_loc = {}, prior_scale = {};
};

class ParameterLayout {
 public:
  /// Appends a variable; its slice begins on a cache line.
  Slice add(Variable variable);
  void add(RandomTensor tensor) { random_tensors_.push_back(std::move(tensor)); }

  const std::vector<Variable>& variables() const { return variables_; }
  const std::vector<RandomTensor>& random_tensors() const { return random_tensors_; }
  /// The variable of this name, or null.
  const Variable* find(const std::string& name) const;
  /// Floats of a flat array of this layout.
  std::size_t size() const { return size_; }
  /// Numbers in all variables that are parameters, without padding.
  std::size_t parameters() const;
  /// Numbers in all variables, state too: what a checkpoint stores of a network.
  std::size_t numbers() const;

 private:
  std::vector<Variable> variables_;
  std::vector<RandomTensor> random_tensors_;
  std::size_t size_ = 0;
};

/// Fills a flat array of this layout with the variables' initial values: a pure function of the
/// seed and of the position of each variable.
void initialize_parameters(const ParameterLayout& layout, std::uint64_t seed,
                           AlignedArray& parameters);

}  // namespace bnn
