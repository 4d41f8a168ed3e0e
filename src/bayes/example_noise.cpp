#include "bnn/bayes/example_noise.h"

namespace bnn {
namespace {

Site site_of(NoiseUse use, bool predicting) {
  switch (use) {
    case NoiseUse::sign_input:
      return predicting ? Site::predict_sign_input : Site::sign_input;
    case NoiseUse::sign_output:
      return predicting ? Site::predict_sign_output : Site::sign_output;
    case NoiseUse::output:
      return predicting ? Site::predict_output_noise : Site::output_noise;
    case NoiseUse::weights:
      return predicting ? Site::predict_example_weight_noise : Site::example_weight_noise;
    case NoiseUse::dropout:
      break;
  }
  return predicting ? Site::predict_dropout : Site::dropout;
}

// Streams of a second kernel have numbers that no layer reaches.
constexpr std::uint32_t kSecondKernel = 1u << 23;

}  // namespace

Stream example_stream(const PassNoise& pass, const LayerNoise& layer, NoiseUse use, std::size_t b) {
  // No layer has the number 0, which is the graph's input: a layer's own seed never meets the
  // run's.
  const std::uint32_t index = (layer.seed ? 0 : layer.layer) + layer.kernel * kSecondKernel;
  return {layer.seed.value_or(pass.seed), site_of(use, pass.predicting), index, pass.step,
          pass.examples[b]};
}

}  // namespace bnn
