#include "bnn/layers/dense.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>

#include "bnn/bayes/flipout.h"
#include "bnn/core/error.h"
#include "bnn/core/tree_sum.h"
#include "bnn/layers/bias.h"
#include "bnn/layers/conv2d.h"
#include "bnn/layers/read_options.h"
#include "bnn/layers/read_weights.h"
#include "bnn/layers/scratch.h"
#include "bnn/math/vector_ops.h"

namespace bnn {
namespace {

// Floats of one block of the weight gradient: 128 KiB, so that a block and the partial sums of the
// tree above it share the second-level cache.
constexpr int kBlockFloats = 32 * 1024;

// Examples whose inputs and output gradients are flipped at once.
constexpr std::size_t kFlippedExamples = 256;

using DrawSigns = void (*)(const PassNoise&, const LayerNoise&, std::size_t, std::size_t,
                           std::span<float>);

std::size_t area(int rows, int columns) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
}

// flipped [n][signs.size()] = values ∘ signs for the columns first, first + 1, … of
// values [n][columns].
void flip_columns(const Pass& pass, const LayerNoise& layer, DrawSigns draw, const float* values,
                  int columns, int first, std::span<float> signs, float* flipped) {
  for (std::size_t b = 0; b < static_cast<std::size_t>(pass.examples); ++b) {
    draw(pass.noise, layer, b, static_cast<std::size_t>(first), signs);
    const float* row = values + b * static_cast<std::size_t>(columns) + first;
    for (std::size_t i = 0; i < signs.size(); ++i) flipped[i] = row[i] * signs[i];
    flipped += signs.size();
  }
}

// target [n][columns] += values ∘ signs.
void add_flipped(const Pass& pass, const LayerNoise& layer, DrawSigns draw, const float* values,
                 std::span<float> signs, float* target) {
  for (std::size_t b = 0; b < static_cast<std::size_t>(pass.examples); ++b) {
    draw(pass.noise, layer, b, 0, signs);
    add_flipped_rows(values + b * signs.size(), 1, signs, target + b * signs.size());
  }
}

// Scratch of the products with a perturbation, for `examples` examples.
struct FlipBuffers {
  std::span<float> s, r;  // signs of one example
  float* inputs;          // [examples][inputs]
  float* outputs;         // [examples][units]

  FlipBuffers(int rows, int units, int examples, Scratch& scratch)
      : s(scratch.span(static_cast<std::size_t>(rows))),
        r(scratch.span(static_cast<std::size_t>(units))),
        inputs(scratch.take(area(examples, rows))),
        outputs(scratch.take(area(examples, units))) {}
};

}  // namespace

// Scratch of the gradient of one block of the kernel, [rows][units], for shards of at most
// `examples` examples.
struct Dense::BlockBuffers {
  float* partial;           // tree_levels(shards) blocks
  float* spare;             // one block more
  std::span<float> s, r;    // signs of one example
  float *inputs, *outputs;  // of a group of shards, flipped: [examples][rows], [examples][units]

  BlockBuffers(std::size_t shards, int rows, int units, std::size_t examples, Scratch& scratch)
      : partial(scratch.take(static_cast<std::size_t>(tree_levels(shards)) * area(rows, units))),
        spare(scratch.take(area(rows, units))),
        s(scratch.span(static_cast<std::size_t>(rows))),
        r(scratch.span(static_cast<std::size_t>(units))) {
    const std::size_t flipped = std::max(examples, std::min(kFlippedExamples, shards * examples));
    inputs = scratch.take(flipped * static_cast<std::size_t>(rows));
    outputs = scratch.take(flipped * static_cast<std::size_t>(units));
  }
};

std::unique_ptr<Layer> DenseSpec::make(const LayerArguments& arguments) const {
  const Shape& input = arguments.input();
  if (!input.flat) {
    throw Error(ErrorKind::config,
                fmt::format("a dense layer reads a vector, but its input is {}; put a \"flatten\" "
                            "layer before it",
                            to_string(input)));
  }
  if (kernel_draw(weights) != Draw::scale) {
    return std::make_unique<Dense>(*this, arguments.variables, arguments.noise, input.channels,
                                   arguments.layout);
  }
  const WeightDeclarations where{arguments.layout, arguments.variables, weights};
  Conv2dGeometry geometry{make_window({1, 1, input.channels}, {}),
                          units,
                          activation,
                          flat_shape(units),
                          arguments.noise,
                          {},
                          {}};
  geometry.kernel = declare_kernel(where, {input.channels, units}, /*deferred=*/false);
  geometry.bias = declare_bias(where, units);
  return make_conv2d(weights.estimator, geometry);
}

DenseSpec read_dense(ObjectReader& reader, WeightsKind kind) {
  DenseSpec spec;
  reader.mark([&] {
    spec.units = static_cast<int>(reader.integer("units", {.min = 1, .max = kMaxLayerSize}));
  });
  spec.activation = read_activation(reader);
  spec.weights = read_weights(reader, kind);
  return spec;
}

Dense::Dense(const DenseSpec& spec, const std::string& name, const LayerNoise& noise, int inputs,
             ParameterLayout& layout)
    : inputs_(inputs), units_(spec.units), activation_(spec.activation), noise_(noise) {
  const WeightDeclarations where{layout, name, spec.weights};
  kernel_ = declare_kernel(where, {inputs_, units_}, /*deferred=*/true);
  bias_ = declare_bias(where, units_);
}

double Dense::multiply_adds() const {
  return (kernel_.draw == Draw::perturbation ? 2.0 : 1.0) * static_cast<double>(kernel_.size());
}

std::size_t Dense::saved_size() const {
  return needs_input(activation_) ? static_cast<std::size_t>(units_) : 0;
}

std::size_t Dense::scratch_size(int examples) const {
  return count_scratch<FlipBuffers>(inputs_, units_, examples);
}

void Dense::forward(const ForwardArgs& args) const {
  const Pass& pass = args.pass;
  const int n = pass.examples;
  const auto bias = bias_of(bias_, pass);
  const Matrix y = matrix(args.output, n, units_);
  // n x units = (n x inputs) (inputs x units)
  pass.products.multiply(matrix(args.inputs[0], n, inputs_),
                         matrix(kernel_.common(pass), inputs_, units_), y);
  if (kernel_.differs_by_example(pass)) {
    Scratch scratch(args.scratch);
    const FlipBuffers buffers(inputs_, units_, n, scratch);
    flip_columns(pass, noise_, input_signs, args.inputs[0], inputs_, 0, buffers.s, buffers.inputs);
    pass.products.multiply(matrix(static_cast<const float*>(buffers.inputs), n, inputs_),
                           matrix(kernel_.drawn(pass), inputs_, units_),
                           matrix(buffers.outputs, n, units_));
    add_flipped(pass, noise_, output_signs, buffers.outputs, buffers.r, args.output);
  }
  add_bias_and_activate(bias, activation_, args.output, n, static_cast<std::size_t>(units_),
                        args.saved);
}

void Dense::backward(const BackwardArgs& args) const {
  const int n = args.pass.examples;
  activate_backward(activation_, args.output, args.saved, area(n, units_), args.output_gradient);
  add_bias_gradient(bias_, args.pass, args.output_gradient, n, static_cast<std::size_t>(units_),
                    args.gradient);
  if (args.input_gradients[0] != nullptr) input_gradient(args);
}

std::size_t Dense::prepared_size(bool input_gradients) const {
  return transposed().prepared_size(input_gradients);
}

int Dense::prepare_tasks(bool input_gradients) const {
  return transposed().prepare_tasks(input_gradients);
}

void Dense::prepare(const PrepareArgs& args) const { transposed().prepare(args); }

void Dense::input_gradient(const BackwardArgs& args) const {
  const Pass& pass = args.pass;
  const int n = pass.examples;
  const float* dz = args.output_gradient;
  float* dx = args.input_gradients[0];
  // n x inputs = (n x units) (units x inputs)
  pass.products.multiply(matrix(dz, n, units_), transposed().common(args.prepared),
                         matrix(dx, n, inputs_));
  if (!kernel_.differs_by_example(pass)) return;
  Scratch scratch(args.scratch);
  const FlipBuffers buffers(inputs_, units_, n, scratch);
  flip_columns(pass, noise_, output_signs, dz, units_, 0, buffers.r, buffers.outputs);
  pass.products.multiply(matrix(static_cast<const float*>(buffers.outputs), n, units_),
                         transposed().perturbation(args.prepared),
                         matrix(buffers.inputs, n, inputs_));
  add_flipped(pass, noise_, input_signs, buffers.inputs, buffers.s, dx);
}

int Dense::rows_per_block() const { return std::clamp(kBlockFloats / units_, 1, inputs_); }

int Dense::weight_gradient_blocks() const {
  return (inputs_ + rows_per_block() - 1) / rows_per_block();
}

std::size_t Dense::weight_gradient_scratch(std::size_t shards, int examples) const {
  return count_scratch<BlockBuffers>(shards, rows_per_block(), units_,
                                     static_cast<std::size_t>(examples));
}

void Dense::weight_gradient(const WeightGradientArgs& args) const {
  const int first = args.block * rows_per_block();
  const int rows = std::min(rows_per_block(), inputs_ - first);
  mean_gradient_block(args, first, rows);
  if (kernel_.differs_by_example(*args.shards[0].pass)) {
    perturbation_gradient_block(args, first, rows);
  }
}

void Dense::mean_gradient_block(const WeightGradientArgs& args, int first, int rows) const {
  const BlockBuffers buffers = block_buffers(args, rows);
  std::array<ProductTerm, kMaxShards> terms;
  for (std::size_t i = 0; i < args.shards.size(); ++i) {
    const ShardView& view = args.shards[i];
    const int n = view.pass->examples;
    terms[i] = {{view.input + first, n, rows, inputs_}, matrix(view.output_gradient, n, units_)};
  }
  float* gradient = kernel_.common_gradient(*args.shards[0].pass, args.gradient);
  add_up(args, std::span(terms).first(args.shards.size()), buffers,
         matrix(gradient + area(first, units_), rows, units_));
}

// Inputs and output gradients are flipped for a group of shards at a time, so that the copies stay
// small. A group is a subtree of the tree of shards.
void Dense::perturbation_gradient_block(const WeightGradientArgs& args, int first, int rows) const {
  const BlockBuffers buffers = block_buffers(args, rows);
  const Products& products = args.shards[0].pass->products;
  const std::size_t group = flipped_group(products, args.shards);
  const std::size_t groups = (args.shards.size() + group - 1) / group;
  const auto sum_group = [&](std::size_t g, float* out) {
    const auto shards =
        args.shards.subspan(g * group).first(std::min(group, args.shards.size() - g * group));
    std::array<ProductTerm, kMaxShards> terms;
    flip_terms(shards, first, rows, buffers, terms);
    products.multiply_at_b_summed(std::span(terms).first(shards.size()), matrix(out, rows, units_),
                                  buffers.spare);
  };
  float* gradient = kernel_.drawn_gradient(args.gradient) + area(first, units_);
  const std::size_t size = area(rows, units_);
  if (!args.accumulate) return tree_sum(groups, size, gradient, buffers.partial, sum_group);
  tree_sum(groups, size, buffers.partial, sum_group);
  add(buffers.partial, size, gradient);
}

// The largest power of two of shards that have at most kFlippedExamples examples together. OpenBLAS
// adds up products in memory, one by one.
std::size_t Dense::flipped_group(const Products& products, std::span<const ShardView> shards) {
  std::size_t most = 1, group = 1;
  for (const ShardView& view : shards) {
    most = std::max(most, static_cast<std::size_t>(view.pass->examples));
  }
  if (!products.are_own()) return 1;
  while (group < shards.size() && 2 * group * most <= kFlippedExamples) group *= 2;
  return group;
}

void Dense::flip_terms(std::span<const ShardView> shards, int first, int rows,
                       const BlockBuffers& buffers, std::span<ProductTerm> terms) const {
  float *inputs = buffers.inputs, *outputs = buffers.outputs;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const ShardView& view = shards[i];
    const int n = view.pass->examples;
    flip_columns(*view.pass, noise_, input_signs, view.input, inputs_, first, buffers.s, inputs);
    flip_columns(*view.pass, noise_, output_signs, view.output_gradient, units_, 0, buffers.r,
                 outputs);
    terms[i] = {matrix(static_cast<const float*>(inputs), n, rows),
                matrix(static_cast<const float*>(outputs), n, units_)};
    inputs += area(n, rows);
    outputs += area(n, units_);
  }
}

Dense::BlockBuffers Dense::block_buffers(const WeightGradientArgs& args, int rows) const {
  Scratch scratch(args.scratch);
  std::size_t most = 0;
  for (const ShardView& view : args.shards) {
    most = std::max(most, static_cast<std::size_t>(view.pass->examples));
  }
  return {args.shards.size(), rows, units_, most, scratch};
}

// rows x units = Σ (n x rows)ᵀ (n x units) over the shards
void Dense::add_up(const WeightGradientArgs& args, std::span<const ProductTerm> terms,
                   const BlockBuffers& buffers, Matrix gradient) const {
  args.shards[0].pass->products.multiply_at_b_summed(
      terms, gradient, buffers.partial, args.accumulate ? Write::add : Write::overwrite);
}

}  // namespace bnn
