#include "bnn/model/chunks.h"

#include <algorithm>

#include "bnn/bayes/mean_field_normal.h"
#include "bnn/math/vector_ops.h"

namespace bnn {
namespace {

void cut(std::size_t size, Chunk chunk, std::vector<Chunk>& chunks) {
  for (std::size_t begin = 0; begin < size; begin += kChunkElements) {
    chunk.begin = begin;
    chunk.size = std::min(kChunkElements, size - begin);
    chunks.push_back(chunk);
  }
}

Draw draw_of(const ParameterLayout& layout, const Chunk& chunk) {
  return layout.random_tensors()[*chunk.tensor].draw;
}

}  // namespace

std::vector<Chunk> cut_into_chunks(const ParameterLayout& layout) {
  std::vector<Chunk> chunks;
  std::vector<bool> taken(layout.variables().size(), false);
  for (std::size_t t = 0; t < layout.random_tensors().size(); ++t) {
    const RandomTensor& tensor = layout.random_tensors()[t];
    taken[tensor.loc] = taken[tensor.untransformed_scale] = true;
    if (tensor.prior_loc) taken[*tensor.prior_loc] = true;
    if (tensor.prior_scale) taken[*tensor.prior_scale] = true;
    cut(layout.variables()[tensor.loc].slice.size,
        {tensor.loc, tensor.untransformed_scale, t, 0, 0}, chunks);
  }
  for (std::size_t v = 0; v < layout.variables().size(); ++v) {
    if (taken[v] || layout.variables()[v].is_state()) continue;
    cut(layout.variables()[v].slice.size, {v, std::nullopt, std::nullopt, 0, 0}, chunks);
  }
  return chunks;
}

std::vector<Chunk> cut_state_into_chunks(const ParameterLayout& layout) {
  std::vector<Chunk> chunks;
  for (std::size_t v = 0; v < layout.variables().size(); ++v) {
    if (!layout.variables()[v].is_state()) continue;
    cut(layout.variables()[v].slice.size, {v, std::nullopt, std::nullopt, 0, 0}, chunks);
  }
  return chunks;
}

void draw_chunk(const ParameterLayout& layout, const Chunk& chunk, const float* parameters,
                std::uint64_t seed, Site site, std::uint32_t step, float* noise, float* draws) {
  const Draw draw = draw_of(layout, chunk);
  if (draw == Draw::none) return;
  const auto values = part(layout, *chunk.scale, chunk, noise);
  if (draw == Draw::scale) {
    std::fill(values.begin(), values.end(), 1.0f);
  } else {
    const Stream stream{seed, site, static_cast<std::uint32_t>(*chunk.scale), step, 0};
    fill_normal(stream, chunk.begin, values);
  }
  const auto out = part(layout, *chunk.scale, chunk, draws);
  perturb(part(layout, *chunk.scale, chunk, parameters), values, out);
  if (draw == Draw::sample) {
    add(part(layout, chunk.variable, chunk, parameters).data(), chunk.size, out.data());
  }
}

void draw_gradient_to_posterior(const ParameterLayout& layout, const Chunk& chunk,
                                const float* parameters, const float* noise, float* gradient,
                                ScaleDerivative by) {
  const Draw draw = draw_of(layout, chunk);
  const auto from_draw = part(layout, *chunk.scale, chunk, gradient);
  if (draw == Draw::none) {
    std::fill(from_draw.begin(), from_draw.end(), 0.0f);
    return;
  }
  if (draw == Draw::sample) {
    std::copy(from_draw.begin(), from_draw.end(),
              part(layout, chunk.variable, chunk, gradient).begin());
  }
  const auto values = part(layout, *chunk.scale, chunk, noise);
  if (by == ScaleDerivative::sigma) return perturbation_gradient_to_sigma(values, from_draw);
  perturbation_gradient_to_scale(part(layout, *chunk.scale, chunk, parameters), values, from_draw);
}

}  // namespace bnn
