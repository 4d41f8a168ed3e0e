#include "bnn/layers/conv2d_per_example.h"

#include <cstring>

#include "bnn/layers/bias.h"
#include "bnn/layers/conv2d_tiles.h"
#include "bnn/layers/example_weights.h"

namespace bnn {

namespace {

// Of one example; `memory` is for OpenBLAS.
void multiply_flipped(const Products& products, ConstMatrix a, const FlippedMatrix& w, Matrix c,
                      float* memory) {
  products.multiply_flipped(1, a, w, c, memory);
}
void multiply_flipped(const Products& products, const WindowMatrix& a, const FlippedMatrix& w,
                      Matrix c, float* /*memory*/) {
  products.multiply_flipped(a, w, c);
}

void add_flipped_gradient(const Products& products, ConstMatrix a, ConstMatrix b,
                          const FlippedMatrixGradient& w, float* memory) {
  products.add_flipped_gradient(1, a, b, w, memory);
}
void add_flipped_gradient(const Products& products, const WindowMatrix& a, ConstMatrix b,
                          const FlippedMatrixGradient& w, float* /*memory*/) {
  products.add_flipped_gradient(a, b, w);
}

}  // namespace

// The pieces of scratch memory.
struct Conv2dPerExample::Buffers {
  ExampleWeights kernel;
  float* padded;   // an image with its padding
  float* columns;  // [pixels of a tile][depth], unless the image itself is that

  Buffers(const Conv2dGeometry& geometry, Scratch& scratch)
      : kernel({geometry.kernel, geometry.noise, geometry.window.taps(),
                static_cast<std::size_t>(geometry.window.input.channels),
                static_cast<std::size_t>(geometry.filters)},
               scratch),
        padded(scratch.take(padded_size(geometry.window))),
        columns(scratch.take(tile_size(geometry.window))) {}
};

std::size_t Conv2dPerExample::scratch_size(int /*examples*/) const {
  return count_scratch<Buffers>(geometry_);
}

TransposedKernel Conv2dPerExample::transposed() const {
  return {geometry_.kernel, geometry_.window.depth(), geometry_.filters};
}

// Independent weights are each example's own.
std::size_t Conv2dPerExample::prepared_size(bool input_gradients) const {
  return transposed().prepared_size(input_gradients && geometry_.kernel.draw != Draw::scale);
}

int Conv2dPerExample::prepare_tasks(bool input_gradients) const {
  return transposed().prepare_tasks(input_gradients && geometry_.kernel.draw != Draw::scale);
}

void Conv2dPerExample::prepare(const PrepareArgs& args) const { transposed().prepare(args); }

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
    const bool is_flipped = buffers.kernel.is_flipped(args.pass);
    const float* weights = is_flipped ? nullptr : buffers.kernel.weights(args.pass);
    const Products& products = args.pass.products;
    const ImageColumns image_columns(window, products, image, buffers.padded, buffers.columns);
    for_each_tile(window, [&](const Tile& tile) {
      float* y = output + tile.first_pixel * filters;
      const Matrix z = matrix(y, tile.pixels, geometry_.filters);
      // pixels x filters = (pixels x depth) (depth x filters)
      image_columns.with_tile(tile, [&](const auto& columns) {
        if (is_flipped) {
          multiply_flipped(products, columns, buffers.kernel.flipped(args.pass), z,
                           buffers.kernel.gradient());
        } else {
          products.multiply(columns, matrix(weights, window.depth(), geometry_.filters), z);
        }
      });
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
  for (std::size_t b = 0; b < static_cast<std::size_t>(args.pass.examples); ++b) {
    const std::size_t first = b * geometry_.output_size();
    float* dz = args.output_gradient + first;
    activate_backward(geometry_.activation, args.output + first,
                      saved_at(args.saved, b * saved_size()), geometry_.output_size(), dz);
    add_bias_gradient(geometry_.bias, args.pass, dz, window.pixels(), filters, args.gradient);
    buffers.kernel.draw(args.pass, b);
    add_kernel_gradient(args, args.inputs[0] + b * window.input.size(), dz, buffers);
    if (args.input_gradients[0] == nullptr) continue;
    input_gradient(args, dz, buffers, args.input_gradients[0] + b * window.input.size());
  }
}

// Of the example drawn last: cols(image)ᵀ dz goes to the gradients for what its weights are made
// of.
void Conv2dPerExample::add_kernel_gradient(const BackwardArgs& args, const float* image,
                                           const float* dz, const Buffers& buffers) const {
  const Window& window = geometry_.window;
  const ExampleWeights& kernel = buffers.kernel;
  const bool is_flipped = kernel.is_flipped(args.pass);
  const bool is_own = kernel.are_own(args.pass);
  if (is_own) std::memset(kernel.gradient(), 0, geometry_.kernel.size() * sizeof(float));
  const Products& products = args.pass.products;
  const ImageColumns image_columns(window, products, image, buffers.padded, buffers.columns);
  for_each_tile(window, [&](const Tile& tile) {
    const ConstMatrix tile_dz =
        matrix(dz + tile.first_pixel * static_cast<std::size_t>(geometry_.filters), tile.pixels,
               geometry_.filters);
    // depth x filters += (pixels x depth)ᵀ (pixels x filters)
    image_columns.with_tile(tile, [&](const auto& columns) {
      if (is_flipped) {
        return add_flipped_gradient(products, columns, tile_dz,
                                    kernel.flipped_gradient(args.pass, args.gradient),
                                    kernel.gradient());
      }
      float* gradient =
          is_own ? kernel.gradient() : geometry_.kernel.common_gradient(args.pass, args.gradient);
      products.multiply_at_b(columns, tile_dz, matrix(gradient, window.depth(), geometry_.filters),
                             Write::add);
    });
  });
  if (is_own) kernel.scatter(args.pass, args.gradient);
}

void Conv2dPerExample::input_gradient(const BackwardArgs& args, const float* dz, Buffers& buffers,
                                      float* dx) const {
  const Window& window = geometry_.window;
  const Products& products = args.pass.products;
  ExampleWeights& kernel = buffers.kernel;
  const auto channels = static_cast<std::size_t>(window.input.channels);
  const bool are_plain = geometry_.kernel.draw == Draw::scale;  // the example's own, or the means
  const float* plain = are_plain ? kernel.weights(args.pass) : nullptr;
  if (!window.is_identity()) std::memset(dx, 0, window.input.size() * sizeof(float));
  for_each_tile(window, [&](const Tile& tile) {
    float* dcolumns = window.is_identity() ? dx + tile.first_pixel * channels : buffers.columns;
    const ConstMatrix tile_dz =
        matrix(dz + tile.first_pixel * static_cast<std::size_t>(geometry_.filters), tile.pixels,
               geometry_.filters);
    const Matrix out = matrix(dcolumns, tile.pixels, window.depth());
    if (are_plain) {
      // pixels x depth = (pixels x filters) (depth x filters)ᵀ
      products.multiply_a_bt(tile_dz, matrix(plain, window.depth(), geometry_.filters), out);
    } else if (kernel.is_flipped(args.pass)) {
      // pixels x depth = (pixels x filters) (filters x depth)
      products.multiply_flipped(1, tile_dz, kernel.flipped_transposed(transposed(), args.prepared),
                                out, kernel.gradient());
    } else {
      products.multiply(tile_dz, transposed().common(args.prepared), out);
    }
    if (!window.is_identity()) add_col2im(window, dcolumns, tile.first_row, tile.last_row, dx);
  });
}

}  // namespace bnn
