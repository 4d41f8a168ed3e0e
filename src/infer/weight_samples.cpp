#include "bnn/infer/weight_samples.h"

#include <algorithm>

#include "bnn/bayes/mean_field_normal.h"
#include "bnn/math/vector_ops.h"

namespace bnn {

void sample_weights(const ParameterLayout& layout, const std::vector<Chunk>& chunks,
                    const AlignedArray& parameters, std::uint64_t seed, std::uint32_t sample,
                    ThreadPool& pool, AlignedArray& sampled) {
  std::copy_n(parameters.data(), parameters.size(), sampled.data());
  pool.run(chunks.size(), [&](std::size_t i, int) {
    const Chunk& chunk = chunks[i];
    if (!chunk.scale || layout.random_tensors()[*chunk.tensor].draw == Draw::none) return;
    const auto noise = part(layout, *chunk.scale, chunk, sampled.data());
    const Stream stream{seed, Site::predict_noise, static_cast<std::uint32_t>(*chunk.scale), sample,
                        0};
    fill_normal(stream, chunk.begin, noise);
    perturb(part(layout, *chunk.scale, chunk, parameters.data()), noise, noise);
    add(noise.data(), chunk.size, part(layout, chunk.variable, chunk, sampled.data()).data());
  });
}

}  // namespace bnn
