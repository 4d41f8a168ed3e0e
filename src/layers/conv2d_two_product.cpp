#include <algorithm>
#include <cstring>

#include "bnn/bayes/flipout.h"
#include "bnn/layers/bias.h"
#include "bnn/layers/conv2d.h"
#include "bnn/layers/scratch.h"
#include "bnn/math/blas.h"

namespace bnn {
namespace {

// Examples whose im2col matrices fit one cache tile together; maps are small, so several do.
int group_size(const Window& window, int examples) {
  constexpr std::int64_t kGroupFloats = 64 * 1024;
  const std::int64_t each = std::int64_t{window.pixels()} * window.depth();
  return static_cast<int>(std::clamp<std::int64_t>(kGroupFloats / each, 1, std::max(1, examples)));
}

// The sizes and pieces of scratch memory of one group of examples.
struct Group {
  int examples;
  int rows;  // examples * pixels
  std::size_t columns_each, outputs_each;

  Group(const Conv2dGeometry& geometry, int count)
      : examples(count),
        rows(count * geometry.window.pixels()),
        columns_each(static_cast<std::size_t>(geometry.window.pixels()) *
                     static_cast<std::size_t>(geometry.window.depth())),
        outputs_each(geometry.output_size()) {}

  std::size_t columns() const { return static_cast<std::size_t>(examples) * columns_each; }
  std::size_t outputs() const { return static_cast<std::size_t>(examples) * outputs_each; }
};

// Calls visit(first_example, group) for consecutive groups of a shard.
template <typename Visit>
void for_each_group(const Conv2dGeometry& geometry, int examples, const Visit& visit) {
  const int size = group_size(geometry.window, examples);
  for (int first = 0; first < examples; first += size) {
    visit(static_cast<std::size_t>(first), Group(geometry, std::min(size, examples - first)));
  }
}

void group_columns(const Conv2dGeometry& geometry, const Group& group, const float* images,
                   float* columns) {
  for (int i = 0; i < group.examples; ++i) {
    im2col(geometry.window, images, 0, geometry.window.output_height, columns);
    images += geometry.window.input.size();
    columns += group.columns_each;
  }
}

// columns ∘ s in place: the signs of an example repeat over its pixels and taps.
void flip_columns(const Conv2dGeometry& geometry, const Pass& pass, std::size_t first,
                  const Group& group, std::span<float> signs, float* columns) {
  const int rows = geometry.window.pixels() * geometry.window.taps();
  for (std::size_t i = 0; i < static_cast<std::size_t>(group.examples); ++i) {
    input_signs(pass.noise, geometry.index, first + i, signs);
    flip_rows(columns + i * group.columns_each, rows, signs);
  }
}

}  // namespace

Shape Conv2dTwoProduct::output_shape() const {
  return {geometry_.window.output_height, geometry_.window.output_width, geometry_.filters, false};
}

double Conv2dTwoProduct::multiply_adds() const {
  return 2.0 * static_cast<double>(geometry_.window.pixels()) *
         static_cast<double>(geometry_.kernel_size());
}

std::size_t Conv2dTwoProduct::saved_size() const {
  return needs_input(geometry_.activation) ? geometry_.output_size() : 0;
}

std::size_t Conv2dTwoProduct::scratch_size(int examples) const {
  const Group group(geometry_, group_size(geometry_.window, examples));
  return round_to_alignment(static_cast<std::size_t>(geometry_.channels())) +
         round_to_alignment(static_cast<std::size_t>(geometry_.filters)) +
         round_to_alignment(geometry_.bias.value.size) + 3 * round_to_alignment(group.columns()) +
         round_to_alignment(group.outputs());
}

void Conv2dTwoProduct::forward(const ForwardArgs& args) const {
  const Pass& pass = args.pass;
  const Window& window = geometry_.window;
  const int depth = window.depth(), filters = geometry_.filters;
  const Group largest(geometry_, group_size(window, pass.examples));
  Scratch scratch(args.scratch);
  const std::span<float> s(scratch.take(static_cast<std::size_t>(geometry_.channels())),
                           static_cast<std::size_t>(geometry_.channels()));
  const std::span<float> r(scratch.take(static_cast<std::size_t>(filters)),
                           static_cast<std::size_t>(filters));
  const auto bias = sample_bias(geometry_.bias, pass, scratch.take(geometry_.bias.value.size));
  float* columns = scratch.take(largest.columns());
  float* perturbed = scratch.take(largest.outputs());
  for_each_group(geometry_, pass.examples, [&](std::size_t first, const Group& group) {
    float* y = args.output + first * group.outputs_each;
    group_columns(geometry_, group, args.inputs[0] + first * window.input.size(), columns);
    // rows x filters = (rows x depth) (depth x filters), rows = examples * pixels
    multiply(matrix(static_cast<const float*>(columns), group.rows, depth),
             matrix(pass.parameters + geometry_.kernel.value.offset, depth, filters),
             matrix(y, group.rows, filters));
    if (pass.perturbation != nullptr) {
      flip_columns(geometry_, pass, first, group, s, columns);
      multiply(matrix(static_cast<const float*>(columns), group.rows, depth),
               matrix(pass.perturbation + geometry_.kernel.perturbation.offset, depth, filters),
               matrix(perturbed, group.rows, filters));
      for (std::size_t i = 0; i < static_cast<std::size_t>(group.examples); ++i) {
        output_signs(pass.noise, geometry_.index, first + i, r);
        add_flipped_rows(perturbed + i * group.outputs_each, window.pixels(), r,
                         y + i * group.outputs_each);
      }
    }
    add_bias_and_activate(bias, geometry_.activation, y, group.rows, r.size(),
                          saved_at(args.saved, first * saved_size()));
  });
}

void Conv2dTwoProduct::backward(const BackwardArgs& args) const {
  const Pass& pass = args.pass;
  const Window& window = geometry_.window;
  const int depth = window.depth(), filters = geometry_.filters;
  const Group largest(geometry_, group_size(window, pass.examples));
  Scratch scratch(args.scratch);
  const std::span<float> s(scratch.take(static_cast<std::size_t>(geometry_.channels())),
                           static_cast<std::size_t>(geometry_.channels()));
  const std::span<float> r(scratch.take(static_cast<std::size_t>(filters)),
                           static_cast<std::size_t>(filters));
  float* columns = scratch.take(largest.columns());
  float* dcolumns = scratch.take(largest.columns());
  float* perturbed = scratch.take(largest.columns());
  float* dx = args.input_gradients[0];
  for_each_group(geometry_, pass.examples, [&](std::size_t first, const Group& group) {
    float* dy = args.output_gradient + first * group.outputs_each;
    activate_backward(geometry_.activation, args.output + first * group.outputs_each,
                      saved_at(args.saved, first * saved_size()), group.outputs(), dy);
    add_bias_gradient(geometry_.bias, dy, group.rows, r.size(), args.gradient);
    group_columns(geometry_, group, args.inputs[0] + first * window.input.size(), columns);
    const ConstMatrix columns_matrix =
        matrix(static_cast<const float*>(columns), group.rows, depth);
    const ConstMatrix dz = matrix(static_cast<const float*>(dy), group.rows, filters);
    // depth x filters += (rows x depth)ᵀ (rows x filters)
    multiply_at_b(columns_matrix, dz,
                  matrix(args.gradient + geometry_.kernel.value.offset, depth, filters),
                  Write::add);
    if (dx != nullptr) {
      // rows x depth = (rows x filters) (depth x filters)ᵀ
      multiply_a_bt(dz, matrix(pass.parameters + geometry_.kernel.value.offset, depth, filters),
                    matrix(dcolumns, group.rows, depth));
    }
    if (pass.perturbation != nullptr) {
      for (std::size_t i = 0; i < static_cast<std::size_t>(group.examples); ++i) {
        output_signs(pass.noise, geometry_.index, first + i, r);
        flip_rows(dy + i * group.outputs_each, window.pixels(), r);  // dz ∘ r from here on
      }
      flip_columns(geometry_, pass, first, group, s, columns);
      multiply_at_b(columns_matrix, dz,
                    matrix(args.gradient + geometry_.kernel.perturbation.offset, depth, filters),
                    Write::add);
      if (dx != nullptr) {
        multiply_a_bt(
            dz, matrix(pass.perturbation + geometry_.kernel.perturbation.offset, depth, filters),
            matrix(perturbed, group.rows, depth));
        flip_columns(geometry_, pass, first, group, s, perturbed);
        for (std::size_t i = 0; i < group.columns(); ++i) dcolumns[i] += perturbed[i];
      }
    }
    if (dx == nullptr) return;
    float* image_gradient = dx + first * window.input.size();
    std::memset(image_gradient, 0,
                static_cast<std::size_t>(group.examples) * window.input.size() * sizeof(float));
    for (std::size_t i = 0; i < static_cast<std::size_t>(group.examples); ++i) {
      add_col2im(window, dcolumns + i * group.columns_each, 0, window.output_height,
                 image_gradient + i * window.input.size());
    }
  });
}

}  // namespace bnn
