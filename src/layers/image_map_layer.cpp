#include "bnn/layers/image_map_layer.h"

#include "bnn/layers/bias.h"
#include "bnn/layers/factored_kernel.h"
#include "bnn/layers/image_map_local.h"

namespace bnn {

void ImageMapForm::finish(const Pass& pass, float* output, float* saved) const {
  const Shape shape = map().output();
  add_bias_and_activate(bias_of(parts_.bias, pass), parts_.activation, output,
                        static_cast<int>(shape.pixels()), static_cast<std::size_t>(shape.channels),
                        saved);
}

const float* ImageMapForm::unfinished_gradient(const BackwardArgs& args, std::size_t b,
                                               const float* saved) const {
  const Shape shape = map().output();
  float* dz = args.output_gradient + b * output_size();
  activate_backward(parts_.activation, args.output + b * output_size(), saved, output_size(), dz);
  add_bias_gradient(parts_.bias, args.pass, dz, static_cast<int>(shape.pixels()),
                    static_cast<std::size_t>(shape.channels), args.gradient);
  return dz;
}

// The pieces of scratch memory.
struct ImageMapPerExample::Buffers {
  FactoredKernel kernel;
  float* memory;  // of the map

  Buffers(const ImageMapParts& parts, Scratch& scratch)
      : kernel(*parts.map, parts.kernel, parts.noise, scratch),
        memory(scratch.take(parts.map->memory_size())) {}
};

std::size_t ImageMapPerExample::scratch_size(int /*examples*/) const {
  return count_scratch<Buffers>(parts_);
}

void ImageMapPerExample::forward(const ForwardArgs& args) const {
  Scratch scratch(args.scratch);
  Buffers buffers(parts_, scratch);
  const MapMemory lent{args.pass.products, buffers.memory};
  for (std::size_t b = 0; b < static_cast<std::size_t>(args.pass.examples); ++b) {
    float* output = args.output + b * output_size();
    buffers.kernel.draw(args.pass, b);
    map().apply(args.inputs[0] + b * input_size(), buffers.kernel.weights(args.pass), output, lent);
    finish(args.pass, output, saved_at(args.saved, b * saved_size()));
  }
}

void ImageMapPerExample::backward(const BackwardArgs& args) const {
  Scratch scratch(args.scratch);
  Buffers buffers(parts_, scratch);
  FactoredKernel& kernel = buffers.kernel;
  const MapMemory lent{args.pass.products, buffers.memory};
  for (std::size_t b = 0; b < static_cast<std::size_t>(args.pass.examples); ++b) {
    const float* dz = unfinished_gradient(args, b, saved_at(args.saved, b * saved_size()));
    kernel.draw(args.pass, b);
    map().add_kernel_gradient(args.inputs[0] + b * input_size(), dz,
                              kernel.begin_gradient(args.pass, args.gradient), lent);
    kernel.fold(args.pass, args.gradient);
    if (args.input_gradients[0] == nullptr) continue;
    map().image_gradient(dz, kernel.weights(args.pass), args.input_gradients[0] + b * input_size(),
                         lent);
  }
}

std::unique_ptr<Layer> make_image_map_layer(Estimator estimator, const ImageMapParts& parts) {
  if (parts.kernel.draw == Draw::scale && estimator == Estimator::local_reparameterization) {
    return std::make_unique<ImageMapLocal>(parts);
  }
  return std::make_unique<ImageMapPerExample>(parts);
}

}  // namespace bnn
