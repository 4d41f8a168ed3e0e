#include "bnn/layers/image_map_local.h"

#include <algorithm>
#include <cmath>

#include "bnn/layers/scratch.h"

namespace bnn {
namespace {

void square_numbers(const float* values, std::span<float> squares) {
  for (std::size_t i = 0; i < squares.size(); ++i) squares[i] = values[i] * values[i];
}

}  // namespace

// The pieces of scratch memory.
struct ImageMapLocal::Buffers {
  std::span<float> variance, variance_gradient;  // of the kernel
  std::span<float> squares, square_gradient;     // of an image
  std::span<float> deviation;                    // where the pass saves none
  std::span<float> noise;
  float* memory;  // of the map

  Buffers(const ImageMapParts& parts, Scratch& scratch)
      : variance(scratch.span(parts.kernel.size())),
        variance_gradient(scratch.span(parts.kernel.size())),
        squares(scratch.span(parts.map->input().size())),
        square_gradient(scratch.span(parts.map->input().size())),
        deviation(scratch.span(parts.map->output().size())),
        noise(scratch.span(parts.map->output().size())),
        memory(scratch.take(parts.map->memory_size())) {}
};

std::size_t ImageMapLocal::scratch_size(int examples) const {
  return std::max(count_scratch<Buffers>(parts_), mean_.scratch_size(examples));
}

void ImageMapLocal::draw_noise(const Pass& pass, std::size_t b, std::span<float> noise) const {
  fill_normal(example_stream(pass.noise, parts_.noise, NoiseUse::output, b), 0, noise);
}

void ImageMapLocal::forward(const ForwardArgs& args) const {
  if (!args.pass.has_noise()) return mean_.forward(args);
  Scratch scratch(args.scratch);
  const Buffers buffers(parts_, scratch);
  const MapMemory lent{args.pass.products, buffers.memory};
  square_numbers(parts_.kernel.drawn(args.pass), buffers.variance);
  for (std::size_t b = 0; b < static_cast<std::size_t>(args.pass.examples); ++b) {
    const float* image = args.inputs[0] + b * input_size();
    float* y = args.output + b * output_size();
    float* saved = saved_at(args.saved, b * saved_size());
    float* deviation = saved == nullptr ? buffers.deviation.data() : saved;
    map().apply(image, parts_.kernel.common(args.pass), y, lent);
    square_numbers(image, buffers.squares);
    map().apply(buffers.squares.data(), buffers.variance.data(), deviation, lent);
    draw_noise(args.pass, b, buffers.noise);
    for (std::size_t i = 0; i < output_size(); ++i) {
      deviation[i] = std::sqrt(deviation[i]);
      y[i] += deviation[i] * buffers.noise[i];
    }
    finish(args.pass, y, saved_at(saved, output_size()));
  }
}

void ImageMapLocal::backward(const BackwardArgs& args) const {
  if (!args.pass.has_noise()) return mean_.backward(args);
  Scratch scratch(args.scratch);
  const Buffers buffers(parts_, scratch);
  const float* scale = parts_.kernel.drawn(args.pass);
  square_numbers(scale, buffers.variance);
  std::fill(buffers.variance_gradient.begin(), buffers.variance_gradient.end(), 0.0f);
  for (std::size_t b = 0; b < static_cast<std::size_t>(args.pass.examples); ++b) {
    backward_example(args, b, buffers);
  }
  float* scale_gradient = parts_.kernel.drawn_gradient(args.gradient);
  for (std::size_t i = 0; i < parts_.kernel.size(); ++i) {
    scale_gradient[i] += 2.0f * scale[i] * buffers.variance_gradient[i];
  }
}

void ImageMapLocal::backward_example(const BackwardArgs& args, std::size_t b,
                                     const Buffers& buffers) const {
  const MapMemory lent{args.pass.products, buffers.memory};
  const float* image = args.inputs[0] + b * input_size();
  const float* deviation = args.saved + b * saved_size();
  const float* dz = unfinished_gradient(args, b, deviation + output_size());
  // The gradient for the variances, dz ∘ z / (2 deviation), where an output has any spread at all.
  float* dvariance = buffers.noise.data();
  draw_noise(args.pass, b, buffers.noise);
  for (std::size_t i = 0; i < output_size(); ++i) {
    dvariance[i] = deviation[i] > 0.0f ? dz[i] * dvariance[i] / (2.0f * deviation[i]) : 0.0f;
  }
  map().add_kernel_gradient(image, dz, parts_.kernel.common_gradient(args.pass, args.gradient),
                            lent);
  square_numbers(image, buffers.squares);
  map().add_kernel_gradient(buffers.squares.data(), dvariance, buffers.variance_gradient.data(),
                            lent);
  if (args.input_gradients[0] == nullptr) return;
  float* dx = args.input_gradients[0] + b * input_size();
  map().image_gradient(dz, parts_.kernel.common(args.pass), dx, lent);
  map().image_gradient(dvariance, buffers.variance.data(), buffers.square_gradient.data(), lent);
  for (std::size_t i = 0; i < input_size(); ++i) {
    dx[i] += 2.0f * image[i] * buffers.square_gradient[i];
  }
}

}  // namespace bnn
