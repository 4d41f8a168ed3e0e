#include "bnn/layers/conv2d_two_product.h"

#include <algorithm>
#include <cstring>

#include "bnn/bayes/flipout.h"
#include "bnn/layers/bias.h"
#include "bnn/layers/scratch.h"
#include "bnn/math/vector_ops.h"

namespace bnn {
namespace {

// Floats of im2col that are made at once; maps are small, so this is several examples.
constexpr std::int64_t kExampleGroupFloats = 64 * 1024;

std::size_t columns_each(const Conv2dGeometry& geometry) {
  return static_cast<std::size_t>(geometry.window.pixels()) *
         static_cast<std::size_t>(geometry.window.depth());
}

int group_size(const Conv2dGeometry& geometry, int examples) {
  const auto each = static_cast<std::int64_t>(columns_each(geometry));
  return static_cast<int>(
      std::clamp<std::int64_t>(kExampleGroupFloats / each, 1, std::max(1, examples)));
}

}  // namespace

// Consecutive examples of a shard that are computed together.
struct Conv2dTwoProduct::Group {
  std::size_t first, examples;
  int rows;  // of their im2col matrix: examples * pixels
};

// The pieces of scratch memory, for the largest group.
struct Conv2dTwoProduct::Buffers {
  std::span<float> s, r;      // signs of one example
  float* columns;             // [rows][depth]
  float* column_gradient;     // [rows][depth]
  float* perturbed_gradient;  // [rows][depth]
  float* perturbed;           // [rows][filters]

  Buffers(const Conv2dGeometry& geometry, int examples, Scratch& scratch) {
    const auto group = static_cast<std::size_t>(group_size(geometry, examples));
    const auto channels = static_cast<std::size_t>(geometry.window.input.channels);
    const auto filters = static_cast<std::size_t>(geometry.filters);
    s = scratch.span(channels);
    r = scratch.span(filters);
    columns = scratch.take(group * columns_each(geometry));
    column_gradient = scratch.take(group * columns_each(geometry));
    perturbed_gradient = scratch.take(group * columns_each(geometry));
    perturbed = scratch.take(group * geometry.output_size());
  }
};

double Conv2dTwoProduct::multiply_adds() const { return 2.0 * Conv2dForm::multiply_adds(); }

std::size_t Conv2dTwoProduct::scratch_size(int examples) const {
  return count_scratch<Buffers>(geometry_, examples);
}

TransposedKernel Conv2dTwoProduct::transposed() const {
  return {geometry_.kernel, geometry_.window.depth(), geometry_.filters};
}

std::size_t Conv2dTwoProduct::prepared_size(bool input_gradients) const {
  return transposed().prepared_size(input_gradients);
}

int Conv2dTwoProduct::prepare_tasks(bool input_gradients) const {
  return transposed().prepare_tasks(input_gradients);
}

void Conv2dTwoProduct::prepare(const PrepareArgs& args) const { transposed().prepare(args); }

template <typename Visit>
void Conv2dTwoProduct::for_each_group(int examples, const Visit& visit) const {
  const int size = group_size(geometry_, examples);
  for (int first = 0; first < examples; first += size) {
    const int count = std::min(size, examples - first);
    visit(Group{static_cast<std::size_t>(first), static_cast<std::size_t>(count),
                count * geometry_.window.pixels()});
  }
}

void Conv2dTwoProduct::make_columns(const Group& group, const float* images, float* columns) const {
  const Window& window = geometry_.window;
  for (std::size_t i = 0; i < group.examples; ++i) {
    im2col(window, images + (group.first + i) * window.input.size(), 0, window.output_height,
           columns + i * columns_each(geometry_));
  }
}

// columns ∘ s in place: the signs of an example repeat over its pixels and taps.
void Conv2dTwoProduct::flip_columns(const Pass& pass, const Group& group, std::span<float> signs,
                                    float* columns) const {
  const int rows = geometry_.window.pixels() * geometry_.window.taps();
  for (std::size_t i = 0; i < group.examples; ++i) {
    input_signs(pass.noise, geometry_.noise, group.first + i, 0, signs);
    flip_rows(columns + i * columns_each(geometry_), rows, signs);
  }
}

// outputs ∘ r in place: the signs of an example repeat over its pixels.
void Conv2dTwoProduct::flip_outputs(const Pass& pass, const Group& group, std::span<float> signs,
                                    float* outputs) const {
  for (std::size_t i = 0; i < group.examples; ++i) {
    output_signs(pass.noise, geometry_.noise, group.first + i, 0, signs);
    flip_rows(outputs + i * geometry_.output_size(), geometry_.window.pixels(), signs);
  }
}

void Conv2dTwoProduct::forward(const ForwardArgs& args) const {
  Scratch scratch(args.scratch);
  const Buffers buffers(geometry_, args.pass.examples, scratch);
  const auto bias = bias_of(geometry_.bias, args.pass);
  for_each_group(args.pass.examples,
                 [&](const Group& group) { forward_group(args, group, bias, buffers); });
}

void Conv2dTwoProduct::forward_group(const ForwardArgs& args, const Group& group,
                                     std::span<const float> bias, const Buffers& buffers) const {
  const Pass& pass = args.pass;
  const int depth = geometry_.window.depth(), filters = geometry_.filters;
  const Matrix y = matrix(args.output + group.first * geometry_.output_size(), group.rows, filters);
  const Matrix columns = matrix(buffers.columns, group.rows, depth);
  make_columns(group, args.inputs[0], buffers.columns);
  // rows x filters = (rows x depth) (depth x filters)
  args.pass.products.multiply(columns, matrix(geometry_.kernel.common(pass), depth, filters), y);
  if (pass.has_noise()) {
    const Matrix perturbed = matrix(buffers.perturbed, group.rows, filters);
    flip_columns(pass, group, buffers.s, buffers.columns);
    args.pass.products.multiply(columns, matrix(geometry_.kernel.drawn(pass), depth, filters),
                                perturbed);
    flip_outputs(pass, group, buffers.r, buffers.perturbed);
    add(buffers.perturbed, group.examples * geometry_.output_size(), y.data);
  }
  add_bias_and_activate(bias, geometry_.activation, y.data, group.rows, buffers.r.size(),
                        saved_at(args.saved, group.first * saved_size()));
}

void Conv2dTwoProduct::backward(const BackwardArgs& args) const {
  Scratch scratch(args.scratch);
  const Buffers buffers(geometry_, args.pass.examples, scratch);
  for_each_group(args.pass.examples,
                 [&](const Group& group) { backward_group(args, group, buffers); });
}

void Conv2dTwoProduct::backward_group(const BackwardArgs& args, const Group& group,
                                      const Buffers& buffers) const {
  const Window& window = geometry_.window;
  const int depth = window.depth(), filters = geometry_.filters;
  const std::size_t first = group.first * geometry_.output_size();
  float* dy = args.output_gradient + first;
  activate_backward(geometry_.activation, args.output + first,
                    saved_at(args.saved, group.first * saved_size()),
                    group.examples * geometry_.output_size(), dy);
  add_bias_gradient(geometry_.bias, args.pass, dy, group.rows, buffers.r.size(), args.gradient);
  make_columns(group, args.inputs[0], buffers.columns);
  const Matrix dz = matrix(dy, group.rows, filters);
  // depth x filters += (rows x depth)ᵀ (rows x filters)
  args.pass.products.multiply_at_b(
      matrix(buffers.columns, group.rows, depth), dz,
      matrix(geometry_.kernel.common_gradient(args.pass, args.gradient), depth, filters),
      Write::add);
  float* dx = args.input_gradients[0];
  if (dx != nullptr) {
    // rows x depth = (rows x filters) (filters x depth)
    args.pass.products.multiply(dz, transposed().common(args.prepared),
                                matrix(buffers.column_gradient, group.rows, depth));
  }
  if (args.pass.has_noise()) backward_perturbation(args, group, buffers);
  if (dx == nullptr) return;
  for (std::size_t i = 0; i < group.examples; ++i) {
    float* image_gradient = dx + (group.first + i) * window.input.size();
    std::memset(image_gradient, 0, window.input.size() * sizeof(float));
    add_col2im(window, buffers.column_gradient + i * columns_each(geometry_), 0,
               window.output_height, image_gradient);
  }
}

// What D contributes: dD += (cols ∘ s)ᵀ (dz ∘ r) and dcols += ((dz ∘ r) Dᵀ) ∘ s. Flips columns and
// output gradient of the group in place.
void Conv2dTwoProduct::backward_perturbation(const BackwardArgs& args, const Group& group,
                                             const Buffers& buffers) const {
  const Pass& pass = args.pass;
  const int depth = geometry_.window.depth(), filters = geometry_.filters;
  float* dy = args.output_gradient + group.first * geometry_.output_size();
  const Matrix dz = matrix(dy, group.rows, filters);
  flip_outputs(pass, group, buffers.r, dy);
  flip_columns(pass, group, buffers.s, buffers.columns);
  args.pass.products.multiply_at_b(
      matrix(buffers.columns, group.rows, depth), dz,
      matrix(geometry_.kernel.drawn_gradient(args.gradient), depth, filters), Write::add);
  if (args.input_gradients[0] == nullptr) return;
  args.pass.products.multiply(dz, transposed().perturbation(args.prepared),
                              matrix(buffers.perturbed_gradient, group.rows, depth));
  flip_columns(pass, group, buffers.s, buffers.perturbed_gradient);
  add(buffers.perturbed_gradient, group.examples * columns_each(geometry_),
      buffers.column_gradient);
}

}  // namespace bnn
