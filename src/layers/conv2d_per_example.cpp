#include <cstring>

#include "bnn/bayes/flipout.h"
#include "bnn/layers/bias.h"
#include "bnn/layers/conv2d.h"
#include "bnn/layers/scratch.h"
#include "bnn/math/blas.h"

namespace bnn {
namespace {

// The kernel of one example at a time; where all share one, it is that.
class ExampleKernel {
 public:
  ExampleKernel(const Conv2dGeometry& geometry, const Pass& pass, Scratch& scratch)
      : geometry_(geometry), pass_(pass), differs_(geometry.kernel.differs_by_example(pass)) {
    const auto channels = static_cast<std::size_t>(geometry.window.input.channels);
    const auto filters = static_cast<std::size_t>(geometry.filters);
    s_ = {scratch.take(channels), channels};
    r_ = {scratch.take(filters), filters};
    weights_ = scratch.take(geometry.kernel.size());
    if (draws_weights(geometry)) {
      noise_ = {scratch.take(geometry.kernel.size()), geometry.kernel.size()};
    }
  }

  static std::size_t scratch_size(const Conv2dGeometry& geometry) {
    return round_to_alignment(static_cast<std::size_t>(geometry.window.input.channels)) +
           round_to_alignment(static_cast<std::size_t>(geometry.filters)) +
           (draws_weights(geometry) ? 2 : 1) * round_to_alignment(geometry.kernel.size());
  }

  // Draws the noise of example b.
  void draw(std::size_t b) {
    if (!differs_) return;
    if (draws_weights(geometry_)) {
      fill_normal(example_stream(pass_.noise, geometry_.noise, NoiseUse::weights, b), 0, noise_);
      return;
    }
    input_signs(pass_.noise, geometry_.noise, b, 0, s_);
    output_signs(pass_.noise, geometry_.noise, b, 0, r_);
  }

  // The kernel that the example drawn last sees.
  const float* weights() {
    const WeightTensor& kernel = geometry_.kernel;
    if (!differs_) return kernel.shared(pass_);
    const float* mean = kernel.shared(pass_);
    if (draws_weights(geometry_)) {
      const float* scale = kernel.own(pass_);
      for (std::size_t i = 0; i < noise_.size(); ++i) weights_[i] = mean[i] + scale[i] * noise_[i];
    } else {
      assemble_weights(mean, kernel.own(pass_), geometry_.window.taps(), s_, r_, weights_);
    }
    return weights_;
  }

  bool differs() const { return differs_; }

  // Adds the gradient for this example's kernel to those for the mean and for what was drawn.
  void scatter(const float* g, float* gradient) const {
    float* mean = geometry_.kernel.shared_gradient(pass_, gradient);
    float* own = geometry_.kernel.own_gradient(gradient);
    if (!draws_weights(geometry_)) {
      scatter_gradient(g, geometry_.window.taps(), s_, r_, mean, own);
      return;
    }
    for (std::size_t i = 0; i < noise_.size(); ++i) {
      mean[i] += g[i];
      own[i] += noise_[i] * g[i];
    }
  }

 private:
  // Independent weights: one normal number a weight and example, instead of signs.
  static bool draws_weights(const Conv2dGeometry& geometry) {
    return geometry.kernel.draw == Draw::scale;
  }

  const Conv2dGeometry& geometry_;
  const Pass& pass_;
  bool differs_;
  std::span<float> s_, r_, noise_ = {};
  float* weights_;
};

}  // namespace

double Conv2dPerExample::multiply_adds() const {
  return static_cast<double>(geometry_.window.pixels()) *
         static_cast<double>(geometry_.kernel.size());
}

std::size_t Conv2dPerExample::saved_size() const {
  return needs_input(geometry_.activation) ? geometry_.output_size() : 0;
}

std::size_t Conv2dPerExample::scratch_size(int /*examples*/) const {
  return ExampleKernel::scratch_size(geometry_) + round_to_alignment(geometry_.kernel.size()) +
         round_to_alignment(tile_size(geometry_.window));
}

void Conv2dPerExample::forward(const ForwardArgs& args) const {
  const Window& window = geometry_.window;
  const auto filters = static_cast<std::size_t>(geometry_.filters);
  Scratch scratch(args.scratch);
  ExampleKernel kernel(geometry_, args.pass, scratch);
  const auto bias = bias_of(geometry_.bias, args.pass);
  float* column_memory = scratch.take(tile_size(window));
  for (std::size_t b = 0; b < static_cast<std::size_t>(args.pass.examples); ++b) {
    const float* image = args.inputs[0] + b * window.input.size();
    float* output = args.output + b * geometry_.output_size();
    float* saved = saved_at(args.saved, b * saved_size());
    kernel.draw(b);
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
  float* example_gradient = scratch.take(geometry_.kernel.size());
  float* columns = scratch.take(tile_size(window));
  for (std::size_t b = 0; b < static_cast<std::size_t>(args.pass.examples); ++b) {
    const std::size_t first = b * geometry_.output_size();
    float* dz = args.output_gradient + first;
    activate_backward(geometry_.activation, args.output + first,
                      saved_at(args.saved, b * saved_size()), geometry_.output_size(), dz);
    add_bias_gradient(geometry_.bias, args.pass, dz, window.pixels(), filters, args.gradient);
    kernel.draw(b);
    if (kernel.differs()) {
      std::memset(example_gradient, 0, geometry_.kernel.size() * sizeof(float));
      add_kernel_gradient(args.inputs[0] + b * window.input.size(), dz, columns, example_gradient);
      kernel.scatter(example_gradient, args.gradient);
    } else {
      add_kernel_gradient(args.inputs[0] + b * window.input.size(), dz, columns,
                          geometry_.kernel.shared_gradient(args.pass, args.gradient));
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
  const auto channels = static_cast<std::size_t>(window.input.channels);
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
