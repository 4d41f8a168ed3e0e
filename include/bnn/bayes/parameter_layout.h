#pragma once
// Where every variable of a network lies.
//
// All variables share one flat array; a variable is a named slice of it. Parameters, gradients and
// optimizer moments are arrays of the same layout, so zeroing, reducing, updating and saving are
// loops over flat memory. Layers declare their variables while a graph is built; after that the
// layout never changes and may be read from any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bnn/bayes/normal_prior.h"
#include "bnn/core/aligned_array.h"
#include "bnn/math/initializer.h"

namespace bnn {

struct Slice {
  std::size_t offset = 0;
  std::size_t size = 0;

  bool empty() const { return size == 0; }
};

struct Variable {
  std::string name;  // "<layer>/kernel_posterior_loc": the name in checkpoints
  std::vector<std::int64_t> shape;
  Initializer initializer;
  bool trainable = true;
  /// The gradient is made after the shards' backward passes, over blocks of the variable
  /// (Layer::weight_gradient), instead of by each shard.
  bool deferred = false;
  Slice slice = {};
};

/// One tensor of random weights, q(w) = Normal(loc, 2^-23 + softplus(untransformed_scale))
/// elementwise; the two variables are of one shape.
struct RandomTensor {
  std::size_t loc;                   // index of a variable
  std::size_t untransformed_scale;   // index of a variable
  std::optional<NormalPrior> prior;  // none: no KL
};

class ParameterLayout {
 public:
  /// Appends a variable; its slice begins on a cache line.
  Slice add(Variable variable);
  /// Declares that the last two variables added are loc and untransformed scale of one tensor.
  void pair_last_two(std::optional<NormalPrior> prior);

  const std::vector<Variable>& variables() const { return variables_; }
  const std::vector<RandomTensor>& random_tensors() const { return random_tensors_; }
  /// Floats of a flat array of this layout.
  std::size_t size() const { return size_; }
  /// Numbers in all variables, without padding.
  std::size_t parameters() const;

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
