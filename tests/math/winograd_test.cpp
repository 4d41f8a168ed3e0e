// The transforms of Winograd's filtering: what they compute, and that the backward ones are
// adjoint.

#include "bnn/math/winograd.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <catch2/catch.hpp>

#include "bnn/math/packed_matrix.h"
#include "support/layer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

constexpr int kChannels = 8, kFilters = 16;

// Odd and even sizes, padded and not, one tile and several.
std::vector<Window> windows(WinogradSize size) {
  std::vector<Window> all;
  for (const Padding padding : {Padding::valid, Padding::same}) {
    for (const auto& [height, width] : {std::pair{3, 3}, {4, 4}, {5, 8}, {7, 6}, {9, 9}}) {
      if (padding == Padding::valid && height < size.taps) continue;
      all.push_back(make_window({height, width, kChannels},
                                {.kernel_size = {size.taps, size.taps}, .padding = padding}));
    }
  }
  return all;
}

constexpr std::array<WinogradSize, 3> kSizes = {WinogradSize{2, 3}, {4, 3}, {2, 5}};

std::size_t taps(WinogradSize size) { return static_cast<std::size_t>(size.taps * size.taps); }

std::size_t positions(WinogradSize size) { return static_cast<std::size_t>(size.positions()); }

TileBand all_tiles(WinogradSize size, const Window& window) {
  return {0, winograd_tile_rows(size, window), winograd_tile_columns(size, window)};
}

std::size_t step_of(WinogradSize size, const Window& window, int channels) {
  return static_cast<std::size_t>(all_tiles(size, window).tiles() * channels) + 24;
}

// G of the paper, with the same points for 5 taps.
const std::vector<std::vector<double>>& kernel_matrix(WinogradSize size) {
  static const std::vector<std::vector<double>> two = {
      {1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
  static const std::vector<std::vector<double>> four = {{1.0 / 4, 0, 0},
                                                        {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                                        {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                                        {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                                        {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                                        {0, 0, 1}};
  static const std::vector<std::vector<double>> five = {
      {1.0 / 4, 0, 0, 0, 0},
      {-1.0 / 6, -1.0 / 6, -1.0 / 6, -1.0 / 6, -1.0 / 6},
      {-1.0 / 6, 1.0 / 6, -1.0 / 6, 1.0 / 6, -1.0 / 6},
      {1.0 / 24, 1.0 / 12, 1.0 / 6, 1.0 / 3, 2.0 / 3},
      {1.0 / 24, -1.0 / 12, 1.0 / 6, -1.0 / 3, 2.0 / 3},
      {0, 0, 0, 0, 1}};
  return size.taps == 5 ? five : size.outputs == 4 ? four : two;
}

double dot(const std::vector<float>& a, const std::vector<float>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

std::vector<float> zeros() { return std::vector<float>(kFilters, 0.0f); }

}  // namespace

TEST_CASE("only 3x3 and 5x5 kernels that step and reach by one have Winograd's form") {
  const Shape input{9, 9, kChannels};
  CHECK(has_winograd_form(make_window(input, {.kernel_size = {3, 3}})));
  CHECK(has_winograd_form(make_window(input, {.kernel_size = {5, 5}})));
  CHECK(!has_winograd_form(make_window(input, {.kernel_size = {7, 7}})));
  CHECK(!has_winograd_form(make_window(input, {.kernel_size = {3, 5}})));
  CHECK(!has_winograd_form(make_window(input, {.kernel_size = {1, 3}})));
  CHECK(!has_winograd_form(make_window(input, {.kernel_size = {3, 3}, .strides = {1, 2}})));
  CHECK(!has_winograd_form(make_window(input, {.kernel_size = {3, 3}, .dilation_rate = {2, 1}})));
}

TEST_CASE("a kernel's transform is G g Gᵀ, packed at every position, and back its adjoint") {
  constexpr int kDepth = 3, kColumns = 40;
  constexpr std::size_t kKernels = kDepth * kColumns;
  for (const WinogradSize size : kSizes) {
    const auto& g = kernel_matrix(size);
    const std::size_t side = g.size(), across = g[0].size();
    const std::size_t step = packed_size(kDepth, kColumns) + 16;
    const auto kernel = random_numbers(taps(size) * kKernels, 1);
    const auto other = random_numbers(positions(size) * kKernels, 2);
    std::vector<float> transformed(positions(size) * step, 7.0f);
    transform_kernel(size, kernel.data(), kDepth, kColumns, step, transformed.data());
    double product = 0;
    for (std::size_t position = 0; position < positions(size); ++position) {
      const float* packed = &transformed[position * step];
      for (std::size_t i = 0; i < kKernels; ++i) {
        double expected = 0.0;
        for (std::size_t tap = 0; tap < taps(size); ++tap) {
          expected += g[position / side][tap / across] * g[position % side][tap % across] *
                      static_cast<double>(kernel[tap * kKernels + i]);
        }
        const std::size_t row = i / kColumns, column = i % kColumns;
        const float found = packed[column / 32 * kDepth * 32 + row * 32 + column % 32];
        CHECK(found == Approx(expected).margin(1e-6));
        product += static_cast<double>(found) * static_cast<double>(other[position * kKernels + i]);
      }
      for (std::size_t row = 0; row < kDepth; ++row) {  // columns 40 to 63 do not exist
        for (std::size_t j = 8; j < 32; ++j) CHECK(packed[(kDepth + row) * 32 + j] == 0.0f);
      }
      CHECK(packed[packed_size(kDepth, kColumns)] == 7.0f);
    }
    std::vector<float> back(taps(size) * kKernels, 0.0f);
    add_transform_kernel_adjoint(size, other.data(), kKernels, kKernels, back.data());
    CHECK(product == Approx(dot(kernel, back)).margin(1e-3));
    const auto once = back;
    add_transform_kernel_adjoint(size, other.data(), kKernels, kKernels, back.data());
    for (std::size_t i = 0; i < back.size(); ++i) {
      CHECK(back[i] == Approx(2 * once[i]).margin(1e-6));
    }
  }
}

TEST_CASE("a product at every position between the transforms is the convolution") {
  for (const WinogradSize size : kSizes) {
    for (const Window& window : windows(size)) {
      CAPTURE(size.outputs, size.taps, to_string(window.input), window.pad_top);
      const TileBand band = all_tiles(size, window);
      const std::size_t in_step = step_of(size, window, kChannels);
      const std::size_t out_step = step_of(size, window, kFilters);
      const auto tiles = static_cast<std::size_t>(band.tiles());
      constexpr std::size_t kKernel = static_cast<std::size_t>(kChannels) * kFilters;
      const auto image = random_numbers(window.input.size(), 1);
      const auto kernel = random_numbers(taps(size) * kKernel, 2);
      const std::size_t u_step = packed_size(kChannels, kFilters);
      std::vector<float> v(positions(size) * in_step), u(positions(size) * u_step),
          m(positions(size) * out_step);
      transform_input(size, window, band, image.data(), zeros().data(), in_step, v.data());
      transform_kernel(size, kernel.data(), kChannels, kFilters, u_step, u.data());
      for (std::size_t p = 0; p < positions(size); ++p) {
        for (std::size_t t = 0; t < tiles; ++t) {
          for (std::size_t f = 0; f < kFilters; ++f) {
            double sum = 0;
            for (std::size_t c = 0; c < kChannels; ++c) {
              sum += static_cast<double>(v[p * in_step + t * kChannels + c]) *
                     static_cast<double>(u[p * u_step + c * kPanelColumns + f]);
            }
            m[p * out_step + t * kFilters + f] = static_cast<float>(sum);
          }
        }
      }
      std::vector<float> output(static_cast<std::size_t>(window.pixels()) * kFilters, NAN);
      transform_output(size, window, band, m.data(), out_step, kFilters, output.data());
      std::size_t at = 0;
      double worst = 0;
      for (int y = 0; y < window.output_height; ++y) {
        for (int x = 0; x < window.output_width; ++x) {
          for (std::size_t f = 0; f < kFilters; ++f, ++at) {
            double sum = 0;
            for (int tap = 0; tap < size.taps * size.taps; ++tap) {
              const int row = y - window.pad_top + tap / size.taps;
              const int column = x - window.pad_left + tap % size.taps;
              if (row < 0 || row >= window.input.height || column < 0 ||
                  column >= window.input.width) {
                continue;
              }
              const auto pixel = static_cast<std::size_t>(row * window.input.width + column);
              for (std::size_t c = 0; c < kChannels; ++c) {
                sum += static_cast<double>(image[pixel * kChannels + c]) *
                       static_cast<double>(
                           kernel[static_cast<std::size_t>(tap) * kKernel + c * kFilters + f]);
              }
            }
            worst = std::max(worst, std::fabs(sum - static_cast<double>(output[at])));
          }
        }
      }
      // The transforms of larger tiles have larger numbers, and round more.
      CHECK(worst < (size.inputs() == 6 ? 3e-4 : 2e-5));
    }
  }
}

TEST_CASE("the transforms of inputs and outputs have adjoints, whatever the image's edges") {
  for (const WinogradSize size : kSizes) {
    for (const Window& window : windows(size)) {
      INFO(to_string(window.input) << ", padded by " << window.pad_top);
      const TileBand band = all_tiles(size, window);
      const std::size_t in_step = step_of(size, window, kChannels);
      const std::size_t out_step = step_of(size, window, kFilters);
      const auto image = random_numbers(window.input.size(), 1);
      std::vector<float> v(positions(size) * in_step, 0.0f), back(image.size(), 0.0f);
      const auto other_v = random_numbers(v.size(), 2);
      transform_input(size, window, band, image.data(), zeros().data(), in_step, v.data());
      add_transform_input_adjoint(size, window, band, other_v.data(), in_step, back.data());
      CHECK(dot(v, other_v) == Approx(dot(image, back)).margin(size.inputs() == 6 ? 2e-2 : 1e-3));

      const auto m = random_numbers(positions(size) * out_step, 3);
      const auto output_size = static_cast<std::size_t>(window.pixels()) * kFilters;
      std::vector<float> output(output_size, NAN), dm(m.size(), 0.0f);
      const auto other_output = random_numbers(output_size, 4);
      transform_output(size, window, band, m.data(), out_step, kFilters, output.data());
      transform_output_adjoint(size, window, band, other_output.data(), kFilters, zeros().data(),
                               out_step, dm.data());
      CHECK(dot(output, other_output) ==
            Approx(dot(m, dm)).margin(size.inputs() == 6 ? 2e-2 : 1e-3));
    }
  }
}

TEST_CASE("bands of tiles together are the whole image") {
  for (const WinogradSize size : kSizes) {
    const Window window = make_window({size.outputs * 4 + size.taps - 2, 7, kChannels},
                                      {.kernel_size = {size.taps, size.taps}});
    const auto image = random_numbers(window.input.size(), 1);
    const TileBand whole = all_tiles(size, window);
    const std::size_t step = step_of(size, window, kChannels);
    std::vector<float> v(positions(size) * step, 0.0f);
    transform_input(size, window, whole, image.data(), zeros().data(), step, v.data());
    std::size_t place = 0;
    for (const auto& [first, last] : {std::pair{0, 1}, {1, 3}, {3, 4}}) {
      const TileBand band{first, last, whole.columns};
      std::vector<float> part(positions(size) * step, 0.0f);
      transform_input(size, window, band, image.data(), zeros().data(), step, part.data());
      const auto floats = static_cast<std::size_t>(band.tiles() * kChannels);
      for (std::size_t position = 0; position < positions(size); ++position) {
        CHECK(std::equal(part.begin() + static_cast<std::ptrdiff_t>(position * step),
                         part.begin() + static_cast<std::ptrdiff_t>(position * step + floats),
                         v.begin() + static_cast<std::ptrdiff_t>(position * step + place)));
      }
      place += floats;
    }
  }
}
