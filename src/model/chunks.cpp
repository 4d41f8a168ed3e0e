#include "bnn/model/chunks.h"

#include <algorithm>

#include "bnn/bayes/mean_field_normal.h"

namespace bnn {
namespace {

void cut(std::size_t size, Chunk chunk, std::vector<Chunk>& chunks) {
  for (std::size_t begin = 0; begin < size; begin += kChunkElements) {
    chunk.begin = begin;
    chunk.size = std::min(kChunkElements, size - begin);
    chunks.push_back(chunk);
  }
}

}  // namespace

std::vector<Chunk> cut_into_chunks(const ParameterLayout& layout) {
  std::vector<Chunk> chunks;
  std::vector<bool> in_tensor(layout.variables().size(), false);
  for (const RandomTensor& tensor : layout.random_tensors()) {
    in_tensor[tensor.loc] = in_tensor[tensor.untransformed_scale] = true;
    cut(layout.variables()[tensor.loc].slice.size,
        {tensor.loc, tensor.untransformed_scale, tensor.prior, 0, 0}, chunks);
  }
  for (std::size_t v = 0; v < layout.variables().size(); ++v) {
    if (in_tensor[v]) continue;
    cut(layout.variables()[v].slice.size, {v, std::nullopt, std::nullopt, 0, 0}, chunks);
  }
  return chunks;
}

void draw_perturbation(const ParameterLayout& layout, const Chunk& chunk, const float* parameters,
                       std::uint64_t seed, Site site, std::uint32_t step, float* noise,
                       float* perturbation) {
  const Stream stream{seed, site, static_cast<std::uint32_t>(*chunk.scale), step, 0};
  const auto values = part(layout, *chunk.scale, chunk, noise);
  fill_normal(stream, chunk.begin, values);
  perturb(part(layout, *chunk.scale, chunk, parameters), values,
          part(layout, *chunk.scale, chunk, perturbation));
}

}  // namespace bnn
