#pragma once
// Sliding windows over one image: the geometry that convolution and pooling share, and im2col.
//
// Along one dimension, with kernel k, stride s, dilation d and input length n, a window covers
// k_e = (k - 1) d + 1 inputs. `valid` gives ceil((n - k_e + 1) / s) outputs. `same` gives
// ceil(n / s) outputs and pads max((out - 1) s + k_e - n, 0) zeros in all, half of them (rounded
// down) before the input, so that an odd one lies after it, as TensorFlow does.

#include <array>
#include <cstddef>

#include "bnn/core/shape.h"
#include "bnn/math/matrix.h"

namespace bnn {

enum class Padding { valid, same };

/// What a user chooses; [0] is vertical, [1] horizontal.
struct WindowSpec {
  std::array<int, 2> kernel_size{1, 1};
  std::array<int, 2> strides{1, 1};
  std::array<int, 2> dilation_rate{1, 1};
  Padding padding = Padding::valid;
};

struct Window {
  Shape input;
  int output_height, output_width;
  std::array<int, 2> kernel_size, strides, dilation_rate;
  int pad_top, pad_left;

  int taps() const { return kernel_size[0] * kernel_size[1]; }
  int pixels() const { return output_height * output_width; }
  /// Floats of one im2col row: kernel_h * kernel_w * channels.
  int depth() const { return taps() * input.channels; }
  /// True if im2col would copy the image as it is: a 1x1 kernel with stride 1.
  bool is_identity() const;
};

/// Throws Error(config) with a sentence about the sizes if no output would be left or the sizes
/// overflow; the caller adds which layer.
Window make_window(const Shape& input, const WindowSpec& spec);

/// Output rows [first_row, last_row) as a matrix `columns` of [rows * output_width][depth]:
/// element [y][x][ky][kx][c] is the input at (y s + ky d - pad, x s + kx d - pad, c), zero outside.
void im2col(const Window& window, const float* image, int first_row, int last_row, float* columns);

/// Whether products can read the im2col matrix out of the image (WindowMatrix): where no direction
/// is dilated. The functions below are for such windows.
bool has_window_matrix(const Window& window);
/// Floats of the image with its padding; 0 if it has none, or if there is no window matrix.
std::size_t padded_size(const Window& window);
/// The image with its padding, in `memory`, or the image itself if it has none.
const float* pad_image(const Window& window, const float* image, float* memory);
/// The im2col matrix of output rows [first_row, last_row) of an image from pad_image.
WindowMatrix window_matrix(const Window& window, const float* padded, int first_row, int last_row);

/// The adjoint of im2col: adds every column element to the input it was copied from.
void add_col2im(const Window& window, const float* columns, int first_row, int last_row,
                float* image);

/// Output rows per tile such that a tile of im2col stays in the second-level cache; at least 1.
int tile_rows(const Window& window);

}  // namespace bnn
