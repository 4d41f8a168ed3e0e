#include "bnn/layers/conv2d_local.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "bnn/layers/bias.h"
#include "bnn/layers/scratch.h"

namespace bnn {
namespace {

void square(const float* values, std::size_t size, float* squares) {
  for (std::size_t i = 0; i < size; ++i) squares[i] = values[i] * values[i];
}

}  // namespace

// The pieces of scratch memory. `rows` below are the pixels of a tile.
struct Conv2dLocal::Buffers {
  float* variance;           // [depth][filters] of the kernel
  float* variance_gradient;  // [depth][filters]
  float* columns;            // [rows][depth], unless the image itself is that
  float* squares;            // [rows][depth]
  float* column_gradient;    // [rows][depth]
  float* deviation;          // [rows][filters] where the pass saves none
  float* noise;              // [rows][filters]

  Buffers(const Conv2dGeometry& geometry, Scratch& scratch) {
    const std::size_t pixels = tile_pixels(geometry.window);
    const std::size_t depth = static_cast<std::size_t>(geometry.window.depth());
    const std::size_t filters = static_cast<std::size_t>(geometry.filters);
    variance = scratch.take(geometry.kernel.size());
    variance_gradient = scratch.take(geometry.kernel.size());
    columns = scratch.take(tile_size(geometry.window));
    squares = scratch.take(pixels * depth);
    column_gradient = scratch.take(pixels * depth);
    deviation = scratch.take(pixels * filters);
    noise = scratch.take(pixels * filters);
  }

  void square_scales(const WeightTensor& kernel, const Pass& pass) const {
    square(kernel.drawn(pass), kernel.size(), variance);
  }
};

double Conv2dLocal::multiply_adds() const { return 2.0 * mean_.multiply_adds(); }

std::size_t Conv2dLocal::saved_size() const { return geometry_.output_size() + mean_.saved_size(); }

std::size_t Conv2dLocal::scratch_size(int examples) const {
  return std::max(count_scratch<Buffers>(geometry_), mean_.scratch_size(examples));
}

// Elements first, first + 1, … of the example's noise, [pixel][filter].
void Conv2dLocal::draw_noise(const Pass& pass, std::size_t b, std::size_t first,
                             std::span<float> noise) const {
  fill_normal(example_stream(pass.noise, geometry_.noise, NoiseUse::output, b), first, noise);
}

void Conv2dLocal::forward(const ForwardArgs& args) const {
  if (!args.pass.has_noise()) return mean_.forward(args);
  Scratch scratch(args.scratch);
  const Buffers buffers(geometry_, scratch);
  buffers.square_scales(geometry_.kernel, args.pass);
  for (std::size_t b = 0; b < static_cast<std::size_t>(args.pass.examples); ++b) {
    forward_example(args, b, buffers);
  }
}

void Conv2dLocal::forward_example(const ForwardArgs& args, std::size_t b,
                                  const Buffers& buffers) const {
  const Window& window = geometry_.window;
  const int depth = window.depth(), filters = geometry_.filters;
  const float* image = args.inputs[0] + b * window.input.size();
  float* saved = saved_at(args.saved, b * saved_size());
  for_each_tile(window, [&](const Tile& tile) {
    const float* columns = tile_columns(window, tile, image, buffers.columns);
    const std::size_t first = tile.first_pixel * static_cast<std::size_t>(filters);
    const std::size_t size =
        static_cast<std::size_t>(tile.pixels) * static_cast<std::size_t>(filters);
    float* y = args.output + b * geometry_.output_size() + first;
    float* deviation = saved == nullptr ? buffers.deviation : saved + first;
    // pixels x filters = (pixels x depth) (depth x filters), twice
    args.pass.products.multiply(matrix(columns, tile.pixels, depth),
                                matrix(geometry_.kernel.common(args.pass), depth, filters),
                                matrix(y, tile.pixels, filters));
    square(columns, static_cast<std::size_t>(tile.pixels) * static_cast<std::size_t>(depth),
           buffers.squares);
    args.pass.products.multiply(matrix(buffers.squares, tile.pixels, depth),
                                matrix(buffers.variance, depth, filters),
                                matrix(deviation, tile.pixels, filters));
    draw_noise(args.pass, b, first, {buffers.noise, size});
    for (std::size_t i = 0; i < size; ++i) {
      deviation[i] = std::sqrt(deviation[i]);
      y[i] += deviation[i] * buffers.noise[i];
    }
    add_bias_and_activate(bias_of(geometry_.bias, args.pass), geometry_.activation, y, tile.pixels,
                          static_cast<std::size_t>(filters),
                          saved_at(saved, geometry_.output_size() + first));
  });
}

void Conv2dLocal::backward(const BackwardArgs& args) const {
  if (!args.pass.has_noise()) return mean_.backward(args);
  Scratch scratch(args.scratch);
  const Buffers buffers(geometry_, scratch);
  buffers.square_scales(geometry_.kernel, args.pass);
  const std::size_t kernel_size = geometry_.kernel.size();
  std::memset(buffers.variance_gradient, 0, kernel_size * sizeof(float));
  for (std::size_t b = 0; b < static_cast<std::size_t>(args.pass.examples); ++b) {
    backward_example(args, b, buffers);
  }
  const float* scale = geometry_.kernel.drawn(args.pass);
  float* scale_gradient = geometry_.kernel.drawn_gradient(args.gradient);
  for (std::size_t i = 0; i < kernel_size; ++i) {
    scale_gradient[i] += 2.0f * scale[i] * buffers.variance_gradient[i];
  }
}

void Conv2dLocal::backward_example(const BackwardArgs& args, std::size_t b,
                                   const Buffers& buffers) const {
  const Window& window = geometry_.window;
  float* dz = args.output_gradient + b * geometry_.output_size();
  activate_backward(geometry_.activation, args.output + b * geometry_.output_size(),
                    args.saved + b * saved_size() + geometry_.output_size(),
                    geometry_.output_size(), dz);
  add_bias_gradient(geometry_.bias, args.pass, dz, window.pixels(),
                    static_cast<std::size_t>(geometry_.filters), args.gradient);
  float* dx = args.input_gradients[0];
  if (dx != nullptr) {
    dx += b * window.input.size();
    std::memset(dx, 0, window.input.size() * sizeof(float));
  }
  for_each_tile(window, [&](const Tile& tile) { backward_tile(args, b, tile, dx, buffers); });
}

// Adds the tile's part to the gradients for means and variances, and to dx unless that is null.
void Conv2dLocal::backward_tile(const BackwardArgs& args, std::size_t b, const Tile& tile,
                                float* dx, const Buffers& buffers) const {
  const Window& window = geometry_.window;
  const int depth = window.depth(), filters = geometry_.filters;
  const std::size_t first = tile.first_pixel * static_cast<std::size_t>(filters);
  const auto column_size = static_cast<std::size_t>(tile.pixels) * static_cast<std::size_t>(depth);
  const float* columns =
      tile_columns(window, tile, args.inputs[0] + b * window.input.size(), buffers.columns);
  square(columns, column_size, buffers.squares);
  const float* dz = args.output_gradient + b * geometry_.output_size() + first;
  const ConstMatrix tile_dz = matrix(dz, tile.pixels, filters);
  const ConstMatrix tile_dvariance =
      matrix(variance_gradient(args, b, tile, dz, buffers), tile.pixels, filters);
  // depth x filters += (pixels x depth)ᵀ (pixels x filters), twice
  args.pass.products.multiply_at_b(
      matrix(columns, tile.pixels, depth), tile_dz,
      matrix(geometry_.kernel.common_gradient(args.pass, args.gradient), depth, filters),
      Write::add);
  args.pass.products.multiply_at_b(matrix(buffers.squares, tile.pixels, depth), tile_dvariance,
                                   matrix(buffers.variance_gradient, depth, filters), Write::add);
  if (dx == nullptr) return;
  // dcolumns = dz Mᵀ + 2 columns ∘ (dvariance Vᵀ), pixels x depth; the squares are used up.
  args.pass.products.multiply_a_bt(tile_dvariance, matrix(buffers.variance, depth, filters),
                                   matrix(buffers.squares, tile.pixels, depth));
  args.pass.products.multiply_a_bt(tile_dz,
                                   matrix(geometry_.kernel.common(args.pass), depth, filters),
                                   matrix(buffers.column_gradient, tile.pixels, depth));
  for (std::size_t i = 0; i < column_size; ++i) {
    buffers.column_gradient[i] += 2.0f * columns[i] * buffers.squares[i];
  }
  add_col2im(window, buffers.column_gradient, tile.first_row, tile.last_row, dx);
}

// dz ∘ noise / (2 deviation), where the output has any spread at all; [pixels][filters].
const float* Conv2dLocal::variance_gradient(const BackwardArgs& args, std::size_t b,
                                            const Tile& tile, const float* dz,
                                            const Buffers& buffers) const {
  const auto filters = static_cast<std::size_t>(geometry_.filters);
  const std::size_t first = tile.first_pixel * filters;
  const std::size_t size = static_cast<std::size_t>(tile.pixels) * filters;
  const float* deviation = args.saved + b * saved_size() + first;
  draw_noise(args.pass, b, first, {buffers.noise, size});
  for (std::size_t i = 0; i < size; ++i) {
    buffers.noise[i] =
        deviation[i] > 0.0f ? dz[i] * buffers.noise[i] / (2.0f * deviation[i]) : 0.0f;
  }
  return buffers.noise;
}

}  // namespace bnn
