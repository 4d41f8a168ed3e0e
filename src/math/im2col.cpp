#include <algorithm>
#include <cstddef>
#include <cstring>

#include "bnn/core/vector_loop.h"
#include "bnn/math/window.h"

namespace bnn {
namespace {

std::size_t offset(int index, int size) {
  return static_cast<std::size_t>(index) * static_cast<std::size_t>(size);
}

// Neighbouring taps of one kernel row whose inputs lie side by side: the whole row, or one tap
// where dilation sets them apart. `column` is the input column of the first tap under output 0.
struct TapRun {
  int first, taps;
  int column;
};

template <typename Visit>
void for_each_run(const Window& window, const Visit& visit) {
  const int taps = window.dilation_rate[1] == 1 ? window.kernel_size[1] : 1;
  for (int first = 0; first < window.kernel_size[1]; first += taps) {
    visit(TapRun{first, taps, first * window.dilation_rate[1] - window.pad_left});
  }
}

// The outputs [first, last) of a row under which all taps of a run lie inside the image.
struct Inside {
  int first, last;
};

Inside outputs_inside(const Window& window, const TapRun& run) {
  const int stride = window.strides[1], outputs = window.output_width;
  const int first = run.column >= 0 ? 0 : (-run.column - 1) / stride + 1;
  const int room = window.input.width - run.taps - run.column;  // for the run's first tap
  const int last = room < 0 ? 0 : room / stride + 1;
  return {std::min(first, outputs), std::clamp(last, std::min(first, outputs), outputs)};
}

// `count` runs of `size` floats; each starts a step after the one before it.
struct Runs {
  const float* from;
  std::size_t from_step;
  float* to;
  std::size_t to_step;
  int count;
  std::size_t size;
};

// Copies in blocks of a size that the compiler knows; the last block overlaps the one before it.
// Needs size >= Block.
template <std::size_t Block>
void copy_runs_in_blocks(const Runs& runs) {
  const float* from = runs.from;
  float* to = runs.to;
  for (int i = 0; i < runs.count; ++i, from += runs.from_step, to += runs.to_step) {
    for (std::size_t k = 0; k + Block < runs.size; k += Block) {
      std::memcpy(to + k, from + k, Block * sizeof(float));
    }
    const std::size_t last = runs.size - Block;
    std::memcpy(to + last, from + last, Block * sizeof(float));
  }
}

void copy_runs(const Runs& runs) {
  if (runs.size >= 16) return copy_runs_in_blocks<16>(runs);
  if (runs.size >= 8) return copy_runs_in_blocks<8>(runs);
  if (runs.size >= 4) return copy_runs_in_blocks<4>(runs);
  copy_runs_in_blocks<1>(runs);
}

void add_runs(const Runs& runs) {
  const float* from = runs.from;
  float* to = runs.to;
  for (int i = 0; i < runs.count; ++i, from += runs.from_step, to += runs.to_step) {
    for (std::size_t k = 0; k < runs.size; ++k) to[k] += from[k];
  }
}

// The floats [first, last) of a run under output x that lie inside the image.
struct Overlap {
  std::size_t first, last;
};

Overlap overlap(const Window& window, const TapRun& run, int x) {
  const int left = x * window.strides[1] + run.column;
  const int first = std::clamp(-left, 0, run.taps);
  const int last = std::clamp(window.input.width - left, first, run.taps);
  return {offset(first, window.input.channels), offset(last, window.input.channels)};
}

// Floats from the start of an image row to the run under output x; negative left of the image.
std::ptrdiff_t input_offset(const Window& window, const TapRun& run, int x) {
  return (std::ptrdiff_t{x} * window.strides[1] + run.column) * window.input.channels;
}

// The input row under kernel row ky at output row y, or null if it lies outside the image.
template <typename Float>
Float* input_row(const Window& window, Float* image, int y, int ky) {
  const int row = y * window.strides[0] - window.pad_top + ky * window.dilation_rate[0];
  if (row < 0 || row >= window.input.height) return nullptr;
  return image + offset(row, window.input.width * window.input.channels);
}

// Writes one run under the outputs of one row: zeros outside the image, which `row` null means
// altogether. `to` is the run's place under output 0.
void copy_row(const Window& window, const TapRun& run, const float* row, float* to) {
  const auto depth = static_cast<std::size_t>(window.depth());
  const std::size_t size = offset(run.taps, window.input.channels);
  const Inside inside = row == nullptr ? Inside{window.output_width, window.output_width}
                                       : outputs_inside(window, run);
  const auto copy_edge = [&](int x) {
    float* edge = to + offset(x, window.depth());
    const Overlap part = row == nullptr ? Overlap{0, 0} : overlap(window, run, x);
    std::fill(edge, edge + part.first, 0.0f);
    for (std::size_t k = part.first; k < part.last; ++k) {
      edge[k] = row[input_offset(window, run, x) + static_cast<std::ptrdiff_t>(k)];
    }
    std::fill(edge + part.last, edge + size, 0.0f);
  };
  for (int x = 0; x < inside.first; ++x) copy_edge(x);
  for (int x = inside.last; x < window.output_width; ++x) copy_edge(x);
  if (inside.first == inside.last) return;
  copy_runs({row + input_offset(window, run, inside.first),
             offset(window.strides[1], window.input.channels),
             to + offset(inside.first, window.depth()), depth, inside.last - inside.first, size});
}

// The adjoint of copy_row for a row inside the image.
void add_row(const Window& window, const TapRun& run, const float* from, float* row) {
  const Inside inside = outputs_inside(window, run);
  const auto add_edge = [&](int x) {
    const float* edge = from + offset(x, window.depth());
    const Overlap part = overlap(window, run, x);
    for (std::size_t k = part.first; k < part.last; ++k) {
      row[input_offset(window, run, x) + static_cast<std::ptrdiff_t>(k)] += edge[k];
    }
  };
  for (int x = 0; x < inside.first; ++x) add_edge(x);
  for (int x = inside.last; x < window.output_width; ++x) add_edge(x);
  if (inside.first == inside.last) return;
  add_runs({from + offset(inside.first, window.depth()), static_cast<std::size_t>(window.depth()),
            row + input_offset(window, run, inside.first),
            offset(window.strides[1], window.input.channels), inside.last - inside.first,
            offset(run.taps, window.input.channels)});
}

// Calls visit(y, ky, run, place) for every run of every kernel row at output rows [first, last);
// `place` is where the run lies under output 0 of the row, in floats of the columns.
template <typename Visit>
void for_each_row(const Window& window, int first_row, int last_row, const Visit& visit) {
  const int channels = window.input.channels;
  for (int y = first_row; y < last_row; ++y) {
    const std::size_t row_place =
        offset(y - first_row, window.output_width) * static_cast<std::size_t>(window.depth());
    for (int ky = 0; ky < window.kernel_size[0]; ++ky) {
      for_each_run(window, [&](const TapRun& run) {
        visit(y, ky, run, row_place + offset(ky * window.kernel_size[1] + run.first, channels));
      });
    }
  }
}

}  // namespace

void im2col(const Window& window, const float* image, int first_row, int last_row, float* columns) {
  run_vectorized([=]<MultiplyAdd>() {
    for_each_row(window, first_row, last_row,
                 [&](int y, int ky, const TapRun& run, std::size_t place) {
                   copy_row(window, run, input_row(window, image, y, ky), columns + place);
                 });
  });
}

void add_col2im(const Window& window, const float* columns, int first_row, int last_row,
                float* image) {
  run_vectorized([=]<MultiplyAdd>() {
    for_each_row(window, first_row, last_row,
                 [&](int y, int ky, const TapRun& run, std::size_t place) {
                   float* row = input_row(window, image, y, ky);
                   if (row != nullptr) add_row(window, run, columns + place, row);
                 });
  });
}

}  // namespace bnn
