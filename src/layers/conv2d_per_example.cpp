#include "bnn/layers/conv2d_per_example.h"

#include <cstring>

#include "bnn/layers/bias.h"
#include "bnn/layers/conv2d_tiles.h"
#include "bnn/layers/example_weights.h"
#include "bnn/math/blas.h"

namespace bnn {

// The pieces of scratch memory.
struct Conv2dPerExample::Buffers {
  ExampleWeights kernel;
  float* kernel_gradient;  // [depth][filters], of one example
  float* columns;          // [pixels of a tile][depth], unless the image itself is that

  Buffers(const Conv2dGeometry& geometry, Scratch& scratch)
      : kernel({geometry.kernel, geometry.noise, geometry.window.taps(),
                static_cast<std::size_t>(geometry.window.input.channels),
                static_cast<std::size_t>(geometry.filters)},
               scratch),
        kernel_gradient(scratch.take(geometry.kernel.size())),
        columns(scratch.take(tile_size(geometry.window))) {}
};

std::size_t Conv2dPerExample::scratch_size(int /*examples*/) const {
  return count_scratch<Buffers>(geometry_);
}

void Conv2dPerExample::forward(const ForwardArgs& args) const {
  const Window& window = geometry_.window;
  const auto filters = static_cast<std::size_t>(geometry_.filters);
  Scratch scratch(args.scratch);
  Buffers buffers(geometry_, scratch);
  const auto bias = bias_of(geometry_.bias, args.pass);
  for (std::size_t b = 0; b < static_cast<std::size_t>(args.pass.examples); ++b) {
    const float* image = args.inputs[0] + b * window.input.size();
    float* output = args.output + b * geometry_.output_size();
    float* saved = saved_at(args.saved, b * saved_size());
    buffers.kernel.draw(args.pass, b);
    const float* weights = buffers.kernel.weights(args.pass);
    for_each_tile(window, [&](const Tile& tile) {
      const float* columns = tile_columns(window, tile, image, buffers.columns);
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
  Buffers buffers(geometry_, scratch);
  const bool differs = geometry_.kernel.differs_by_example(args.pass);
  for (std::size_t b = 0; b < static_cast<std::size_t>(args.pass.examples); ++b) {
    const std::size_t first = b * geometry_.output_size();
    float* dz = args.output_gradient + first;
    activate_backward(geometry_.activation, args.output + first,
                      saved_at(args.saved, b * saved_size()), geometry_.output_size(), dz);
    add_bias_gradient(geometry_.bias, args.pass, dz, window.pixels(), filters, args.gradient);
    buffers.kernel.draw(args.pass, b);
    const float* image = args.inputs[0] + b * window.input.size();
    if (differs) {
      std::memset(buffers.kernel_gradient, 0, geometry_.kernel.size() * sizeof(float));
      add_kernel_gradient(image, dz, buffers.columns, buffers.kernel_gradient);
      buffers.kernel.scatter(args.pass, buffers.kernel_gradient, args.gradient);
    } else {
      add_kernel_gradient(image, dz, buffers.columns,
                          geometry_.kernel.common_gradient(args.pass, args.gradient));
    }
    if (args.input_gradients[0] == nullptr) continue;
    input_gradient(dz, buffers.kernel.weights(args.pass), buffers.columns,
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
