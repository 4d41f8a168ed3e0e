#include "bnn/data/augmentation.h"

#include "bnn/core/random.h"

namespace bnn {

CropWindow random_window(const Augmentation& augmentation, std::uint64_t seed, std::uint32_t step,
                         std::uint32_t example) {
  CropWindow window;
  if (augmentation.flip_horizontal) {
    const Stream flip{.seed = seed, .site = Site::flip, .step = step, .example = example};
    window.mirrored = random_below(flip, 0, 2) == 1;
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

}  // namespace bnn
