#include <algorithm>
#include <cstring>

#include "bnn/bayes/flipout.h"
#include "bnn/layers/bias.h"
#include "bnn/layers/conv2d.h"
#include "bnn/layers/scratch.h"
#include "bnn/math/blas.h"

namespace bnn {
namespace {

struct Tile {
  int first_row, last_row;
  int pixels;
  std::size_t first_pixel;
};

// Calls visit(tile) for each tile of output rows.
template <typename Visit>
void for_each_tile(const Window& window, const Visit& visit) {
  const int rows = tile_rows(window);
  for (int first = 0; first < window.output_height; first += rows) {
    const int last = std::min(first + rows, window.output_height);
    visit(Tile{first, last, (last - first) * window.output_width,
               static_cast<std::size_t>(first) * static_cast<std::size_t>(window.output_width)});
  }
}

std::size_t tile_size(const Window& window) {
  if (window.is_identity()) return 0;
  return static_cast<std::size_t>(tile_rows(window) * window.output_width) *
         static_cast<std::size_t>(window.depth());
}

// The im2col matrix of one tile: in `memory`, or the image itself where that is the same.
const float* tile_columns(const Window& window, const Tile& tile, const float* image,
                          float* memory) {
  if (window.is_identity()) {
    return image + tile.first_pixel * static_cast<std::size_t>(window.input.channels);
  }
  im2col(window, image, tile.first_row, tile.last_row, memory);
  return memory;
}

// Signs and kernel of one example at a time; without noise the kernel is the parameter itself.
class ExampleKernel {
 public:
  ExampleKernel(const Conv2dGeometry& geometry, const Pass& pass, Scratch& scratch)
      : geometry_(geometry),
        pass_(pass),
        noisy_(geometry.kernel.has_noise() && pass.perturbation != nullptr) {
    const auto channels = static_cast<std::size_t>(geometry.channels());
    const auto filters = static_cast<std::size_t>(geometry.filters);
    s_ = {scratch.take(channels), channels};
    r_ = {scratch.take(filters), filters};
    weights_ = scratch.take(geometry.kernel_size());
  }

  static std::size_t scratch_size(const Conv2dGeometry& geometry) {
    return round_to_alignment(static_cast<std::size_t>(geometry.channels())) +
           round_to_alignment(static_cast<std::size_t>(geometry.filters)) +
           round_to_alignment(geometry.kernel_size());
  }

  void draw_signs(std::size_t b) {
    if (!noisy_) return;
    input_signs(pass_.noise, geometry_.index, b, s_);
    output_signs(pass_.noise, geometry_.index, b, r_);
  }

  // The kernel that the example whose signs were drawn last sees.
  const float* weights() {
    const float* mean = pass_.parameters + geometry_.kernel.value.offset;
    if (!noisy_) return mean;
    assemble_weights(mean, pass_.perturbation + geometry_.kernel.perturbation.offset,
                     geometry_.window.taps(), s_, r_, weights_);
    return weights_;
  }

  bool is_noisy() const { return noisy_; }

  // Adds the gradient for this example's kernel to those for mean and perturbation.
  void scatter(const float* example_gradient, float* parameters_gradient) const {
    scatter_gradient(example_gradient, geometry_.window.taps(), s_, r_,
                     parameters_gradient + geometry_.kernel.value.offset,
                     parameters_gradient + geometry_.kernel.perturbation.offset);
  }

 private:
  const Conv2dGeometry& geometry_;
  const Pass& pass_;
  bool noisy_;
  std::span<float> s_, r_;
  float* weights_;
};

}  // namespace

Shape Conv2dPerExample::output_shape() const {
  return {geometry_.window.output_height, geometry_.window.output_width, geometry_.filters, false};
}

double Conv2dPerExample::multiply_adds() const {
  return static_cast<double>(geometry_.window.pixels()) *
         static_cast<double>(geometry_.kernel_size());
}

std::size_t Conv2dPerExample::saved_size() const {
  return needs_input(geometry_.activation) ? geometry_.output_size() : 0;
}

std::size_t Conv2dPerExample::scratch_size(int /*examples*/) const {
  return ExampleKernel::scratch_size(geometry_) + round_to_alignment(geometry_.bias.value.size) +
         round_to_alignment(geometry_.kernel_size()) +
         round_to_alignment(tile_size(geometry_.window));
}

void Conv2dPerExample::forward(const ForwardArgs& args) const {
  const Window& window = geometry_.window;
  const auto filters = static_cast<std::size_t>(geometry_.filters);
  Scratch scratch(args.scratch);
  ExampleKernel kernel(geometry_, args.pass, scratch);
  const auto bias = sample_bias(geometry_.bias, args.pass, scratch.take(geometry_.bias.value.size));
  float* column_memory = scratch.take(tile_size(window));
  for (std::size_t b = 0; b < static_cast<std::size_t>(args.pass.examples); ++b) {
    const float* image = args.inputs[0] + b * window.input.size();
    float* output = args.output + b * geometry_.output_size();
    float* saved = saved_at(args.saved, b * saved_size());
    kernel.draw_signs(b);
    const float* weights = kernel.weights();
    for_each_tile(window, [&](const Tile& tile) {
      const float* columns = tile_columns(window, tile, image, column_memory);
      float* y = output + tile.first_pixel * filters;
      // pixels x filters = (pixels x depth) (depth x filters)
      multiply(matrix(columns, tile.pixels, window.depth()),
               matrix(weights, window.depth(), geometry_.filters),
               matrix(y, tile.pixels, geometry_.filters));
      add_bias_and_activate(bias, geometry_.activation, y, tile.pixels, filters,
                            saved_at(saved, tile.first_pixel * filters));
    });
  }
}

void Conv2dPerExample::backward(const BackwardArgs& args) const {
  const Window& window = geometry_.window;
  const auto filters = static_cast<std::size_t>(geometry_.filters);
  Scratch scratch(args.scratch);
  ExampleKernel kernel(geometry_, args.pass, scratch);
  float* example_gradient = scratch.take(geometry_.kernel_size());
  float* columns = scratch.take(tile_size(window));
  for (std::size_t b = 0; b < static_cast<std::size_t>(args.pass.examples); ++b) {
    const std::size_t first = b * geometry_.output_size();
    float* dz = args.output_gradient + first;
    activate_backward(geometry_.activation, args.output + first,
                      saved_at(args.saved, b * saved_size()), geometry_.output_size(), dz);
    add_bias_gradient(geometry_.bias, dz, window.pixels(), filters, args.gradient);
    kernel.draw_signs(b);
    if (kernel.is_noisy()) {
      std::memset(example_gradient, 0, geometry_.kernel_size() * sizeof(float));
      add_kernel_gradient(args.inputs[0] + b * window.input.size(), dz, columns, example_gradient);
      kernel.scatter(example_gradient, args.gradient);
    } else {
      add_kernel_gradient(args.inputs[0] + b * window.input.size(), dz, columns,
                          args.gradient + geometry_.kernel.value.offset);
    }
    if (args.input_gradients[0] == nullptr) continue;
    input_gradient(dz, kernel.weights(), columns,
                   args.input_gradients[0] + b * window.input.size());
  }
}

void Conv2dPerExample::add_kernel_gradient(const float* image, const float* dz, float* columns,
                                           float* gradient) const {
  const Window& window = geometry_.window;
  for_each_tile(window, [&](const Tile& tile) {
    const float* cols = tile_columns(window, tile, image, columns);
    // depth x filters += (pixels x depth)ᵀ (pixels x filters)
    multiply_at_b(matrix(cols, tile.pixels, window.depth()),
                  matrix(dz + tile.first_pixel * static_cast<std::size_t>(geometry_.filters),
                         tile.pixels, geometry_.filters),
                  matrix(gradient, window.depth(), geometry_.filters), Write::add);
  });
}

void Conv2dPerExample::input_gradient(const float* dz, const float* weights, float* columns,
                                      float* dx) const {
  const Window& window = geometry_.window;
  const auto channels = static_cast<std::size_t>(geometry_.channels());
  if (!window.is_identity()) std::memset(dx, 0, window.input.size() * sizeof(float));
  for_each_tile(window, [&](const Tile& tile) {
    float* dcolumns = window.is_identity() ? dx + tile.first_pixel * channels : columns;
    // pixels x depth = (pixels x filters) (depth x filters)ᵀ
    multiply_a_bt(matrix(dz + tile.first_pixel * static_cast<std::size_t>(geometry_.filters),
                         tile.pixels, geometry_.filters),
                  matrix(weights, window.depth(), geometry_.filters),
                  matrix(dcolumns, tile.pixels, window.depth()));
    if (!window.is_identity()) add_col2im(window, dcolumns, tile.first_row, tile.last_row, dx);
  });
}

}  // namespace bnn
