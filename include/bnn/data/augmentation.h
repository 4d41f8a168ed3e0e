#pragma once
// Augmentation of training images: the usual recipe for CIFAR. The image is padded on every side by
// `crop_padding` black pixels (byte 0, before standardisation), a window of the original size is
// cut out at a uniform place, and half of the windows are mirrored left to right.
//
// Thread-safe: no state.

#include <cstdint>

namespace bnn {

struct Augmentation {
  bool flip_horizontal = false;
  int crop_padding = 0;
};

/// Where a window lies in the image that it is cut from: its upper left corner, which may lie
/// outside.
struct CropWindow {
  int row = 0, column = 0;
  bool mirrored = false;
};

/// The window of one example in one step: a pure function of its arguments.
/// @param example dataset index
CropWindow random_window(const Augmentation& augmentation, std::uint64_t seed, std::uint32_t step,
                         std::uint32_t example);

}  // namespace bnn
