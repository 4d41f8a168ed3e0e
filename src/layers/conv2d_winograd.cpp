#include "bnn/layers/conv2d_winograd.h"

#include <algorithm>
#include <cstring>

#include "bnn/bayes/flipout.h"
#include "bnn/layers/bias.h"
#include "bnn/layers/scratch.h"
#include "bnn/math/vector_ops.h"

namespace bnn {
namespace {

// Transformed inputs and outputs that are in work at once, if one row of tiles is not more: 1 MiB,
// about the second-level cache.
constexpr std::size_t kTileGroupFloats = 256 * 1024;

std::size_t positive(int value) { return static_cast<std::size_t>(value); }

// Floats of one tile row of an example, inputs and outputs together.
std::size_t tile_row_floats(WinogradSize size, const Conv2dGeometry& geometry) {
  return positive(size.positions()) * positive(winograd_tile_columns(size, geometry.window)) *
         positive(geometry.window.input.channels + geometry.filters);
}

// How a shard is cut: bands of one example's tile rows, or several examples whole.
struct Cut {
  int examples, tile_rows;

  Cut(WinogradSize size, const Conv2dGeometry& geometry) {
    const int all = winograd_tile_rows(size, geometry.window);
    const std::size_t rows =
        std::max<std::size_t>(kTileGroupFloats / tile_row_floats(size, geometry), 1);
    tile_rows = static_cast<int>(std::min(rows, positive(all)));
    examples =
        tile_rows < all ? 1 : static_cast<int>(std::min<std::size_t>(rows / positive(all), 64));
  }
};

// The output pixels under a band of tiles, rows as a whole.
struct Rows {
  std::size_t offset;  // floats of the example's output before them
  int pixels;
};

Rows output_rows(WinogradSize size, const Conv2dGeometry& geometry, const TileBand& band) {
  const int first = size.outputs * band.first_row;
  const int last = std::min(size.outputs * band.last_row, geometry.window.output_height);
  const int width = geometry.window.output_width;
  return {positive(first) * positive(width) * positive(geometry.filters), (last - first) * width};
}

std::size_t kernel_size(const Conv2dGeometry& geometry) {
  return positive(geometry.window.input.channels) * positive(geometry.filters);
}

// Floats from one position to the next for `size` floats at each. Sizes are often powers of two;
// without the cache line more, the positions of one element would then compete for the same
// places in the cache.
std::size_t padded(std::size_t size) { return round_to_alignment(size) + kAlignment; }

// F(4x4) holds 36 transformed kernels for each worker, where F(2x2) holds 16. Larger kernels than
// this, the largest that was measured, stay at the smaller memory.
constexpr std::size_t kMaxLargeTileKernel = 128 * 128;

// F(4x4) does 0.56 of the multiplications of F(2x2), as long as its larger tiles are not mostly cut
// off at the edges.
WinogradSize size_for(const Conv2dGeometry& geometry) {
  const auto multiplications = [&](WinogradSize size) {
    return size.positions() * winograd_tile_rows(size, geometry.window) *
           winograd_tile_columns(size, geometry.window);
  };
  const bool is_small = kernel_size(geometry) <= kMaxLargeTileKernel;
  return is_small && multiplications({4}) < multiplications({2}) ? WinogradSize{4}
                                                                 : WinogradSize{2};
}

}  // namespace

// Examples [first, first + count) of a shard and a band of their tiles.
struct Conv2dWinograd::Group {
  std::size_t first, count;
  TileBand band;

  std::size_t tiles() const { return positive(band.tiles()); }
  std::size_t all_tiles() const { return count * tiles(); }
  /// Floats from one position to the next with `channels` floats a tile.
  std::size_t step(std::size_t channels) const { return padded(all_tiles() * channels); }
};

// The pieces of scratch memory; n is the number of tiles in the largest group.
struct Conv2dWinograd::Buffers {
  std::size_t channels, filters;
  std::size_t kernel_step;  // floats from one position of a kernel to the next
  float* zeros;
  float *mean, *mean_gradient;  // transformed, [positions][channels][filters]
  // Of flipout alone: the same, one position of one example, and the signs of a group.
  float *perturbation, *perturbation_gradient;
  float *weights, *gradient;
  float *s, *r;    // [count][channels], [count][filters]
  float* inputs;   // V, [positions][n][channels]; later its gradient
  float* outputs;  // Y or dY, [positions][n][filters]

  Buffers(WinogradSize size, const Conv2dGeometry& geometry, Scratch& scratch)
      : channels(positive(geometry.window.input.channels)),
        filters(positive(geometry.filters)),
        kernel_step(padded(channels * filters)) {
    const Cut cut(size, geometry);
    const std::size_t examples = positive(cut.examples);
    const std::size_t tiles =
        examples * positive(cut.tile_rows) * positive(winograd_tile_columns(size, geometry.window));
    const std::size_t positions = positive(size.positions());
    const std::size_t transformed = positions * kernel_step;
    // What nothing but flipout needs takes no memory elsewhere.
    const auto of_flipout = [&](std::size_t floats) {
      return geometry.kernel.draw == Draw::perturbation ? floats : 0;
    };
    zeros = scratch.take(zeros_size());
    for (float** array : {&mean, &mean_gradient}) *array = scratch.take(transformed);
    for (float** array : {&perturbation, &perturbation_gradient}) {
      *array = scratch.take(of_flipout(transformed));
    }
    for (float** array : {&weights, &gradient}) {
      *array = scratch.take(of_flipout(channels * filters));
    }
    s = scratch.take(of_flipout(examples * channels));
    r = scratch.take(of_flipout(examples * filters));
    inputs = scratch.take(positions * padded(tiles * channels));
    outputs = scratch.take(positions * padded(tiles * filters));
  }

  void clear_zeros() const { std::memset(zeros, 0, zeros_size() * sizeof(float)); }
  std::span<float> signs_in(std::size_t i) const { return {s + i * channels, channels}; }
  std::span<float> signs_out(std::size_t i) const { return {r + i * filters, filters}; }

 private:
  std::size_t zeros_size() const { return std::max(channels, filters); }
};

bool Conv2dWinograd::fits(const Conv2dGeometry& geometry) {
  return has_winograd_form(geometry.window) && geometry.kernel.draw != Draw::scale &&
         geometry.window.input.channels % kWinogradLanes == 0 &&
         geometry.filters % kWinogradLanes == 0;
}

Conv2dWinograd::Conv2dWinograd(const Conv2dGeometry& geometry)
    : Conv2dForm(geometry), size_(size_for(geometry)) {}

double Conv2dWinograd::multiply_adds() const {
  const Window& window = geometry_.window;
  return static_cast<double>(size_.positions()) * winograd_tile_rows(size_, window) *
         winograd_tile_columns(size_, window) * static_cast<double>(kernel_size(geometry_));
}

std::size_t Conv2dWinograd::scratch_size(int /*examples*/) const {
  return count_scratch<Buffers>(size_, geometry_);
}

template <typename Visit>
void Conv2dWinograd::for_each_group(int examples, const Visit& visit) const {
  const Cut cut(size_, geometry_);
  const int rows = winograd_tile_rows(size_, geometry_.window);
  const int columns = winograd_tile_columns(size_, geometry_.window);
  for (int first = 0; first < examples; first += cut.examples) {
    const int count = std::min(cut.examples, examples - first);
    for (int row = 0; row < rows; row += cut.tile_rows) {
      const TileBand band{row, std::min(row + cut.tile_rows, rows), columns};
      visit(Group{positive(first), positive(count), band});
    }
  }
}

void Conv2dWinograd::transform_inputs(const float* images, const Group& group,
                                      const Buffers& buffers) const {
  const Window& window = geometry_.window;
  const std::size_t each = group.tiles() * buffers.channels;
  for (std::size_t i = 0; i < group.count; ++i) {
    transform_input(size_, window, group.band, images + (group.first + i) * window.input.size(),
                    buffers.zeros, group.step(buffers.channels), buffers.inputs + i * each);
  }
}

// Transforms what the pass multiplies with: means or the shared sample, and the perturbation.
void Conv2dWinograd::transform_kernels(const Pass& pass, const Buffers& buffers) const {
  const WeightTensor& kernel = geometry_.kernel;
  transform_kernel(size_, kernel.common(pass), kernel_size(geometry_), buffers.kernel_step,
                   buffers.mean);
  if (!kernel.differs_by_example(pass)) return;
  transform_kernel(size_, kernel.drawn(pass), kernel_size(geometry_), buffers.kernel_step,
                   buffers.perturbation);
}

// The same for the kernels transposed, [filters][channels] at every position. The gradient's memory
// holds the transposed taps meanwhile.
void Conv2dWinograd::transform_transposed_kernels(const Pass& pass, const Buffers& buffers) const {
  const WeightTensor& kernel = geometry_.kernel;
  const std::size_t size = kernel_size(geometry_);
  const auto transform = [&](const float* taps, float* transformed) {
    for (std::size_t tap = 0; tap < 9; ++tap) {
      transpose(taps + tap * size, buffers.channels, buffers.filters,
                buffers.mean_gradient + tap * size);
    }
    transform_kernel(size_, buffers.mean_gradient, size, buffers.kernel_step, transformed);
  };
  transform(kernel.common(pass), buffers.mean);
  if (kernel.differs_by_example(pass)) transform(kernel.drawn(pass), buffers.perturbation);
}

void Conv2dWinograd::draw_signs(const Pass& pass, const Group& group,
                                const Buffers& buffers) const {
  if (!geometry_.kernel.differs_by_example(pass)) return;
  for (std::size_t i = 0; i < group.count; ++i) {
    input_signs(pass.noise, geometry_.noise, group.first + i, 0, buffers.signs_in(i));
    output_signs(pass.noise, geometry_.noise, group.first + i, 0, buffers.signs_out(i));
  }
}

void Conv2dWinograd::forward(const ForwardArgs& args) const {
  Scratch scratch(args.scratch);
  const Buffers buffers(size_, geometry_, scratch);
  buffers.clear_zeros();
  transform_kernels(args.pass, buffers);
  for_each_group(args.pass.examples,
                 [&](const Group& group) { forward_group(args, group, buffers); });
}

void Conv2dWinograd::forward_group(const ForwardArgs& args, const Group& group,
                                   const Buffers& buffers) const {
  draw_signs(args.pass, group, buffers);
  transform_inputs(args.inputs[0], group, buffers);
  for (std::size_t position = 0; position < positive(size_.positions()); ++position) {
    multiply_position(args.pass, group, position, buffers);
  }
  const auto bias = bias_of(geometry_.bias, args.pass);
  const std::size_t each = group.tiles() * buffers.filters;
  for (std::size_t i = 0; i < group.count; ++i) {
    const std::size_t example = (group.first + i) * geometry_.output_size();
    transform_output(size_, geometry_.window, group.band, buffers.outputs + i * each,
                     group.step(buffers.filters), geometry_.filters, args.output + example);
    const Rows rows = output_rows(size_, geometry_, group.band);
    float* saved = saved_at(args.saved, (group.first + i) * saved_size());
    add_bias_and_activate(bias, geometry_.activation, args.output + example + rows.offset,
                          rows.pixels, buffers.filters, saved_at(saved, rows.offset));
  }
}

void Conv2dWinograd::multiply_position(const Pass& pass, const Group& group, std::size_t position,
                                       const Buffers& buffers) const {
  const std::size_t kernel = position * buffers.kernel_step;
  const float* v = buffers.inputs + position * group.step(buffers.channels);
  float* y = buffers.outputs + position * group.step(buffers.filters);
  const int channels = geometry_.window.input.channels, filters = geometry_.filters;
  if (!geometry_.kernel.differs_by_example(pass)) {
    const int tiles = static_cast<int>(group.all_tiles());
    // tiles x filters = (tiles x channels) (channels x filters), all examples together
    pass.products.multiply(
        matrix(v, tiles, channels),
        matrix(static_cast<const float*>(buffers.mean + kernel), channels, filters),
        matrix(y, tiles, filters));
    return;
  }
  const int tiles = group.band.tiles();
  for (std::size_t i = 0; i < group.count; ++i) {
    const ConstMatrix example_v = matrix(v + i * group.tiles() * buffers.channels, tiles, channels);
    const Matrix example_y = matrix(y + i * group.tiles() * buffers.filters, tiles, filters);
    if (pass.products.know_flipout()) {
      pass.products.multiply_flipped(example_v,
                                     {buffers.mean + kernel, buffers.perturbation + kernel,
                                      buffers.signs_in(i).data(), buffers.signs_out(i).data()},
                                     example_y);
      continue;
    }
    assemble_weights(buffers.mean + kernel, buffers.perturbation + kernel, 1, buffers.signs_in(i),
                     buffers.signs_out(i), buffers.weights);
    pass.products.multiply(example_v,
                           matrix(static_cast<const float*>(buffers.weights), channels, filters),
                           example_y);
  }
}

void Conv2dWinograd::backward(const BackwardArgs& args) const {
  Scratch scratch(args.scratch);
  const Buffers buffers(size_, geometry_, scratch);
  buffers.clear_zeros();
  const WeightTensor& kernel = geometry_.kernel;
  const std::size_t size = kernel_size(geometry_);
  const std::size_t bytes = positive(size_.positions()) * buffers.kernel_step * sizeof(float);
  const bool differs = kernel.differs_by_example(args.pass);
  if (args.pass.products.know_flipout()) {
    if (args.input_gradients[0] != nullptr) transform_transposed_kernels(args.pass, buffers);
  } else {
    transform_kernels(args.pass, buffers);
  }
  std::memset(buffers.mean_gradient, 0, bytes);
  if (differs) std::memset(buffers.perturbation_gradient, 0, bytes);
  if (float* dx = args.input_gradients[0]; dx != nullptr) {
    std::memset(dx, 0,
                positive(args.pass.examples) * geometry_.window.input.size() * sizeof(float));
  }
  for_each_group(args.pass.examples,
                 [&](const Group& group) { backward_group(args, group, buffers); });
  add_transform_kernel_adjoint(size_, buffers.mean_gradient, size, buffers.kernel_step,
                               kernel.common_gradient(args.pass, args.gradient));
  if (differs) {
    add_transform_kernel_adjoint(size_, buffers.perturbation_gradient, size, buffers.kernel_step,
                                 kernel.drawn_gradient(args.gradient));
  }
}

void Conv2dWinograd::backward_group(const BackwardArgs& args, const Group& group,
                                    const Buffers& buffers) const {
  const Window& window = geometry_.window;
  draw_signs(args.pass, group, buffers);
  transform_inputs(args.inputs[0], group, buffers);
  for (std::size_t i = 0; i < group.count; ++i) take_output_gradient(args, group, i, buffers);
  for (std::size_t position = 0; position < positive(size_.positions()); ++position) {
    backward_position(args, group, position, buffers);
  }
  float* dx = args.input_gradients[0];
  if (dx == nullptr) return;
  const std::size_t each = group.tiles() * buffers.channels;
  for (std::size_t i = 0; i < group.count; ++i) {
    add_transform_input_adjoint(size_, window, group.band, buffers.inputs + i * each,
                                group.step(buffers.channels),
                                dx + (group.first + i) * window.input.size());
  }
}

// Example i of a group: through the activation, into the bias's gradient and into dY.
void Conv2dWinograd::take_output_gradient(const BackwardArgs& args, const Group& group,
                                          std::size_t i, const Buffers& buffers) const {
  const std::size_t example = (group.first + i) * geometry_.output_size();
  const Rows rows = output_rows(size_, geometry_, group.band);
  const std::size_t place = example + rows.offset;
  const float* saved = saved_at(args.saved, (group.first + i) * saved_size());
  float* dz = args.output_gradient + place;
  activate_backward(geometry_.activation, args.output + place, saved_at(saved, rows.offset),
                    positive(rows.pixels) * buffers.filters, dz);
  add_bias_gradient(geometry_.bias, args.pass, dz, rows.pixels, buffers.filters, args.gradient);
  const std::size_t each = group.tiles() * buffers.filters;
  transform_output_adjoint(size_, geometry_.window, group.band, args.output_gradient + example,
                           geometry_.filters, buffers.zeros, group.step(buffers.filters),
                           buffers.outputs + i * each);
}

// The kernel's gradients at one position; then V is overwritten by its own gradient.
void Conv2dWinograd::backward_position(const BackwardArgs& args, const Group& group,
                                       std::size_t position, const Buffers& buffers) const {
  const std::size_t kernel = position * buffers.kernel_step;
  const bool wants_input = args.input_gradients[0] != nullptr;
  float* v = buffers.inputs + position * group.step(buffers.channels);
  const float* dy = buffers.outputs + position * group.step(buffers.filters);
  const int channels = geometry_.window.input.channels, filters = geometry_.filters;
  if (!geometry_.kernel.differs_by_example(args.pass)) {
    const int tiles = static_cast<int>(group.all_tiles());
    // channels x filters += (tiles x channels)ᵀ (tiles x filters)
    args.pass.products.multiply_at_b(matrix(v, tiles, channels), matrix(dy, tiles, filters),
                                     matrix(buffers.mean_gradient + kernel, channels, filters),
                                     Write::add);
    if (!wants_input) return;
    const ConstMatrix all_dy = matrix(dy, tiles, filters);
    const Matrix all_dv = matrix(v, tiles, channels);
    // tiles x channels = (tiles x filters) (filters x channels)
    if (args.pass.products.know_flipout()) {
      args.pass.products.multiply(
          all_dy, matrix(static_cast<const float*>(buffers.mean + kernel), filters, channels),
          all_dv);
    } else {
      args.pass.products.multiply_a_bt(all_dy, matrix(buffers.mean + kernel, channels, filters),
                                       all_dv);
    }
    return;
  }
  if (args.pass.products.know_flipout()) {
    return backward_flipped_position(args, group, position, buffers);
  }
  const int tiles = group.band.tiles();
  for (std::size_t i = 0; i < group.count; ++i) {
    const Matrix example_v = matrix(v + i * group.tiles() * buffers.channels, tiles, channels);
    const ConstMatrix example_dy = matrix(dy + i * group.tiles() * buffers.filters, tiles, filters);
    args.pass.products.multiply_at_b(example_v, example_dy,
                                     matrix(buffers.gradient, channels, filters));
    scatter_gradient(buffers.gradient, 1, buffers.signs_in(i), buffers.signs_out(i),
                     buffers.mean_gradient + kernel, buffers.perturbation_gradient + kernel);
    if (!wants_input) continue;
    assemble_weights(buffers.mean + kernel, buffers.perturbation + kernel, 1, buffers.signs_in(i),
                     buffers.signs_out(i), buffers.weights);
    args.pass.products.multiply_a_bt(example_dy, matrix(buffers.weights, channels, filters),
                                     example_v);
  }
}

// The same by products that know flipout; the kernels are transposed.
void Conv2dWinograd::backward_flipped_position(const BackwardArgs& args, const Group& group,
                                               std::size_t position, const Buffers& buffers) const {
  const Products& products = args.pass.products;
  const std::size_t kernel = position * buffers.kernel_step;
  const int tiles = group.band.tiles();
  const int channels = geometry_.window.input.channels, filters = geometry_.filters;
  float* v = buffers.inputs + position * group.step(buffers.channels);
  const float* dy = buffers.outputs + position * group.step(buffers.filters);
  // channels x filters += (tiles x channels)ᵀ (tiles x filters), for each example
  products.add_flipped_gradient(static_cast<int>(group.count),
                                matrix(static_cast<const float*>(v), tiles, channels),
                                matrix(dy, tiles, filters),
                                {buffers.mean_gradient + kernel,
                                 buffers.perturbation_gradient + kernel, buffers.s, buffers.r});
  if (args.input_gradients[0] == nullptr) return;
  for (std::size_t i = 0; i < group.count; ++i) {
    // tiles x channels = (tiles x filters) (filters x channels)
    products.multiply_flipped(matrix(dy + i * group.tiles() * buffers.filters, tiles, filters),
                              {buffers.mean + kernel, buffers.perturbation + kernel,
                               buffers.signs_out(i).data(), buffers.signs_in(i).data()},
                              matrix(v + i * group.tiles() * buffers.channels, tiles, channels));
  }
}

}  // namespace bnn
