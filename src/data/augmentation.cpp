#include "bnn/data/augmentation.h"

#include <span>

namespace bnn {

Stream augmentation_stream(AugmentationUse use, std::uint64_t seed, std::uint32_t step,
                           std::uint32_t example) {
  return {.seed = seed,
          .site = Site::augmentation,
          .index = static_cast<std::uint32_t>(use),
          .step = step,
          .example = example};
}

CropWindow random_window(const Augmentation& augmentation, std::uint64_t seed, std::uint32_t step,
                         std::uint32_t example) {
  CropWindow window;
  if (augmentation.flip_horizontal) {
    const Stream flip{.seed = seed, .site = Site::flip, .step = step, .example = example};
    window.mirrored = random_below(flip, 0, 2) == 1;
  }
  if (augmentation.flip_vertical) {
    const Stream flip = augmentation_stream(AugmentationUse::flip_vertical, seed, step, example);
    window.upside_down = random_below(flip, 0, 2) == 1;
  }
  if (augmentation.crop_padding > 0) {
    const int padding = augmentation.crop_padding;
    const Stream crop{.seed = seed, .site = Site::crop, .step = step, .example = example};
    const auto places = static_cast<std::uint32_t>(2 * padding + 1);
    window.row = static_cast<int>(random_below(crop, 0, places)) - padding;
    window.column = static_cast<int>(random_below(crop, 1, places)) - padding;
  }
  return window;
}

float random_angle(const Augmentation& augmentation, std::uint64_t seed, std::uint32_t step,
                   std::uint32_t example) {
  if (augmentation.rotation <= 0.0) return 0.0f;
  float unit;
  fill_uniform(augmentation_stream(AugmentationUse::rotation, seed, step, example), 0, {&unit, 1});
  return static_cast<float>(augmentation.rotation) * (2.0f * unit - 1.0f);
}

}  // namespace bnn
