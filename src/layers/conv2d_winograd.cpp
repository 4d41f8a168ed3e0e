#include "bnn/layers/conv2d_winograd.h"

#include <algorithm>
#include <cstring>

#include "bnn/bayes/flipout.h"
#include "bnn/layers/bias.h"
#include "bnn/layers/scratch.h"
#include "bnn/math/packed_matrix.h"

namespace bnn {
namespace {

// One position of a group's transformed numbers, [examples][tiles][width].
template <typename Float>
Float* position_of(Float* numbers, std::size_t position, const WinogradGroup& group,
                   std::size_t width) {
  return numbers + position * padded_step(group.all_tiles() * width);
}

// to = from W at one position of a group, where `from` is [tiles][depth] for each example.
struct PositionProduct {
  const float* from;
  int depth;
  FlippedMatrix w;  // without a perturbation if the examples share their weights
  float* to;
  int width;
  float* weights;  // memory for OpenBLAS
};

void multiply_position(const Products& products, const WinogradGroup& group,
                       const PositionProduct& p) {
  if (p.w.perturbation == nullptr) {
    const int tiles = static_cast<int>(group.all_tiles());
    // tiles x width = (tiles x depth) (depth x width), all examples together
    products.multiply(matrix(p.from, tiles, p.depth), PackedMatrix{p.w.mean, p.depth, p.width},
                      matrix(p.to, tiles, p.width));
    return;
  }
  const int tiles = group.band.tiles();
  // tiles x width = (tiles x depth) (depth x width), for each example
  products.multiply_flipped(static_cast<int>(group.count), matrix(p.from, tiles, p.depth), p.w,
                            matrix(p.to, tiles, p.width), p.weights);
}

}  // namespace

// The pieces of scratch memory; n is the number of tiles in the largest group.
struct Conv2dWinograd::Buffers {
  std::size_t channels, filters;
  std::size_t kernel_step;  // floats from one position of a kernel to the next
  float* zeros;
  float* mean_gradient;          // transformed, [positions][channels][filters]
  float* perturbation_gradient;  // the same, of flipout alone
  float* weights;                // a kernel, memory for OpenBLAS
  float *s, *r;                  // signs of a group, [count][channels], [count][filters]
  float* inputs;                 // V, [positions][n][channels]; later its gradient
  float* outputs;                // Y or dY, [positions][n][filters]

  Buffers(WinogradSize size, const Conv2dGeometry& geometry, Scratch& scratch)
      : channels(positive(geometry.window.input.channels)), filters(positive(geometry.filters)) {
    const WinogradKernels kernels(size, geometry);
    const int in = geometry.window.input.channels, out = geometry.filters;
    kernel_step = kernels.gradient_step();
    const WinogradTiling tiling(size, geometry);
    const std::size_t examples = positive(tiling.examples);
    // What nothing but flipout needs takes no memory elsewhere.
    const auto of_flipout = [&](std::size_t floats) {
      return geometry.kernel.draw == Draw::perturbation ? floats : 0;
    };
    zeros = scratch.take(zeros_size());
    mean_gradient = scratch.take(kernels.gradient_size());
    perturbation_gradient = scratch.take(of_flipout(kernels.gradient_size()));
    weights = scratch.take(of_flipout(std::max(packed_size(in, out), packed_size(out, in))));
    s = scratch.take(of_flipout(examples * channels));
    r = scratch.take(of_flipout(examples * filters));
    inputs = scratch.take(positive(size.positions()) * padded_step(tiling.tiles() * channels));
    outputs = scratch.take(positive(size.positions()) * padded_step(tiling.tiles() * filters));
  }

  void clear_zeros() const { std::memset(zeros, 0, zeros_size() * sizeof(float)); }

 private:
  std::size_t zeros_size() const { return std::max(channels, filters); }
};

bool Conv2dWinograd::fits(const Conv2dGeometry& geometry) {
  const bool is_small_enough = geometry.window.taps() == 9 || has_large_tiles(geometry);
  return has_winograd_form(geometry.window) && is_small_enough &&
         geometry.kernel.draw != Draw::scale &&
         geometry.window.input.channels % kWinogradLanes == 0 &&
         geometry.filters % kWinogradLanes == 0;
}

Conv2dWinograd::Conv2dWinograd(const Conv2dGeometry& geometry)
    : Conv2dForm(geometry), size_(winograd_size(geometry)) {}

double Conv2dWinograd::multiply_adds() const {
  const Window& window = geometry_.window;
  return static_cast<double>(size_.positions()) * winograd_tile_rows(size_, window) *
         winograd_tile_columns(size_, window) * window.input.channels * geometry_.filters;
}

std::size_t Conv2dWinograd::scratch_size(int /*examples*/) const {
  return count_scratch<Buffers>(size_, geometry_);
}

std::size_t Conv2dWinograd::prepared_size(bool input_gradients) const {
  return kernels().prepared_size(input_gradients);
}

int Conv2dWinograd::prepare_tasks(bool /*input_gradients*/) const {
  return kernels().prepare_tasks();
}

void Conv2dWinograd::prepare(const PrepareArgs& args) const { kernels().prepare(args); }

void Conv2dWinograd::transform_inputs(const float* images, const WinogradGroup& group,
                                      const Buffers& buffers) const {
  const Window& window = geometry_.window;
  const std::size_t each = group.tiles() * buffers.channels;
  for (std::size_t i = 0; i < group.count; ++i) {
    transform_input(size_, window, group.band, images + (group.first + i) * window.input.size(),
                    buffers.zeros, padded_step(group.all_tiles() * buffers.channels),
                    buffers.inputs + i * each);
  }
}

void Conv2dWinograd::draw_signs(const Pass& pass, const WinogradGroup& group,
                                const Buffers& buffers) const {
  if (!geometry_.kernel.differs_by_example(pass)) return;
  for (std::size_t i = 0; i < group.count; ++i) {
    input_signs(pass.noise, geometry_.noise, group.first + i, 0,
                {buffers.s + i * buffers.channels, buffers.channels});
    output_signs(pass.noise, geometry_.noise, group.first + i, 0,
                 {buffers.r + i * buffers.filters, buffers.filters});
  }
}

void Conv2dWinograd::forward(const ForwardArgs& args) const {
  Scratch scratch(args.scratch);
  const Buffers buffers(size_, geometry_, scratch);
  buffers.clear_zeros();
  WinogradTiling(size_, geometry_)
      .for_each_group(args.pass.examples,
                      [&](const WinogradGroup& group) { forward_group(args, group, buffers); });
}

void Conv2dWinograd::forward_group(const ForwardArgs& args, const WinogradGroup& group,
                                   const Buffers& buffers) const {
  const std::size_t filters = buffers.filters;
  draw_signs(args.pass, group, buffers);
  transform_inputs(args.inputs[0], group, buffers);
  for (std::size_t position = 0; position < positive(size_.positions()); ++position) {
    FlippedMatrix w = kernels().at(args.pass, args.prepared, position);
    w.s = buffers.s;
    w.r = buffers.r;
    multiply_position(
        args.pass.products, group,
        {position_of(buffers.inputs, position, group, buffers.channels),
         geometry_.window.input.channels, w, position_of(buffers.outputs, position, group, filters),
         geometry_.filters, buffers.weights});
  }
  const auto bias = bias_of(geometry_.bias, args.pass);
  const std::size_t each = group.tiles() * filters;
  for (std::size_t i = 0; i < group.count; ++i) {
    const std::size_t example = (group.first + i) * geometry_.output_size();
    transform_output(size_, geometry_.window, group.band, buffers.outputs + i * each,
                     padded_step(group.all_tiles() * filters), geometry_.filters,
                     args.output + example);
    const PixelRows rows = output_rows(size_, geometry_, group.band);
    float* saved = saved_at(args.saved, (group.first + i) * saved_size());
    add_bias_and_activate(bias, geometry_.activation, args.output + example + rows.offset,
                          rows.pixels, filters, saved_at(saved, rows.offset));
  }
}

void Conv2dWinograd::backward(const BackwardArgs& args) const {
  Scratch scratch(args.scratch);
  const Buffers buffers(size_, geometry_, scratch);
  buffers.clear_zeros();
  const std::size_t bytes = kernels().gradient_size() * sizeof(float);
  std::memset(buffers.mean_gradient, 0, bytes);
  if (geometry_.kernel.differs_by_example(args.pass)) {
    std::memset(buffers.perturbation_gradient, 0, bytes);
  }
  if (float* dx = args.input_gradients[0]; dx != nullptr) {
    std::memset(dx, 0,
                positive(args.pass.examples) * geometry_.window.input.size() * sizeof(float));
  }
  WinogradTiling(size_, geometry_)
      .for_each_group(args.pass.examples,
                      [&](const WinogradGroup& group) { backward_group(args, group, buffers); });
  kernels().add_gradients(args.pass, buffers.mean_gradient, buffers.perturbation_gradient,
                          args.gradient);
}

void Conv2dWinograd::backward_group(const BackwardArgs& args, const WinogradGroup& group,
                                    const Buffers& buffers) const {
  const Window& window = geometry_.window;
  const std::size_t channels = buffers.channels;
  draw_signs(args.pass, group, buffers);
  transform_inputs(args.inputs[0], group, buffers);
  for (std::size_t i = 0; i < group.count; ++i) take_output_gradient(args, group, i, buffers);
  float* dx = args.input_gradients[0];
  for (std::size_t position = 0; position < positive(size_.positions()); ++position) {
    add_kernel_gradient(args.pass, group, position, buffers);
    if (dx == nullptr) continue;
    FlippedMatrix w = kernels().transposed_at(args.pass, args.prepared, position);
    w.s = buffers.r;
    w.r = buffers.s;
    // V is overwritten by its own gradient.
    multiply_position(args.pass.products, group,
                      {position_of(buffers.outputs, position, group, buffers.filters),
                       geometry_.filters, w, position_of(buffers.inputs, position, group, channels),
                       window.input.channels, buffers.weights});
  }
  if (dx == nullptr) return;
  for (std::size_t i = 0; i < group.count; ++i) {
    add_transform_input_adjoint(
        size_, window, group.band, buffers.inputs + i * group.tiles() * channels,
        padded_step(group.all_tiles() * channels), dx + (group.first + i) * window.input.size());
  }
}

// Example i of a group: through the activation, into the bias's gradient and into dY.
void Conv2dWinograd::take_output_gradient(const BackwardArgs& args, const WinogradGroup& group,
                                          std::size_t i, const Buffers& buffers) const {
  const std::size_t example = (group.first + i) * geometry_.output_size();
  const PixelRows rows = output_rows(size_, geometry_, group.band);
  const std::size_t place = example + rows.offset;
  const float* saved = saved_at(args.saved, (group.first + i) * saved_size());
  float* dz = args.output_gradient + place;
  activate_backward(geometry_.activation, args.output + place, saved_at(saved, rows.offset),
                    positive(rows.pixels) * buffers.filters, dz);
  add_bias_gradient(geometry_.bias, args.pass, dz, rows.pixels, buffers.filters, args.gradient);
  const std::size_t each = group.tiles() * buffers.filters;
  transform_output_adjoint(
      size_, geometry_.window, group.band, args.output_gradient + example, geometry_.filters,
      buffers.zeros, padded_step(group.all_tiles() * buffers.filters), buffers.outputs + i * each);
}

// The kernels' gradients at one position.
void Conv2dWinograd::add_kernel_gradient(const Pass& pass, const WinogradGroup& group,
                                         std::size_t position, const Buffers& buffers) const {
  const int channels = geometry_.window.input.channels, filters = geometry_.filters;
  const float* v = position_of(buffers.inputs, position, group, buffers.channels);
  const float* dy = position_of(buffers.outputs, position, group, buffers.filters);
  float* mean = buffers.mean_gradient + position * buffers.kernel_step;
  if (!geometry_.kernel.differs_by_example(pass)) {
    const int tiles = static_cast<int>(group.all_tiles());
    // channels x filters += (tiles x channels)ᵀ (tiles x filters), all examples together
    pass.products.multiply_at_b(matrix(v, tiles, channels), matrix(dy, tiles, filters),
                                matrix(mean, channels, filters), Write::add);
    return;
  }
  const int tiles = group.band.tiles();
  float* perturbation = buffers.perturbation_gradient + position * buffers.kernel_step;
  // channels x filters += (tiles x channels)ᵀ (tiles x filters), for each example
  pass.products.add_flipped_gradient(static_cast<int>(group.count), matrix(v, tiles, channels),
                                     matrix(dy, tiles, filters),
                                     {mean, perturbation, buffers.s, buffers.r}, buffers.weights);
}

}  // namespace bnn
