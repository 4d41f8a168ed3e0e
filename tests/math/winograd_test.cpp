// The transforms of Winograd's filtering: what they compute, and that the backward ones are
// adjoint.

#include "bnn/math/winograd.h"

#include <catch2/catch.hpp>

#include "support/layer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

constexpr int kChannels = 8, kFilters = 16;

// Odd and even sizes, padded and not, one tile and several.
std::vector<Window> windows() {
  std::vector<Window> all;
  for (const Padding padding : {Padding::valid, Padding::same}) {
    for (const auto& [height, width] : {std::pair{3, 3}, {4, 4}, {5, 8}, {7, 6}, {9, 9}}) {
      all.push_back(
          make_window({height, width, kChannels}, {.kernel_size = {3, 3}, .padding = padding}));
    }
  }
  return all;
}

TileBand all_tiles(const Window& window) {
  return {0, winograd_tile_rows(window), winograd_tile_columns(window)};
}

std::size_t step_of(const Window& window, int channels) {
  return static_cast<std::size_t>(all_tiles(window).tiles() * channels) + 24;
}

double dot(const std::vector<float>& a, const std::vector<float>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

std::vector<float> zeros() { return std::vector<float>(kFilters, 0.0f); }

}  // namespace

TEST_CASE("only 3x3 kernels that step and reach by one have Winograd's form") {
  const Shape input{9, 9, kChannels};
  CHECK(has_winograd_form(make_window(input, {.kernel_size = {3, 3}})));
  CHECK(!has_winograd_form(make_window(input, {.kernel_size = {3, 5}})));
  CHECK(!has_winograd_form(make_window(input, {.kernel_size = {1, 3}})));
  CHECK(!has_winograd_form(make_window(input, {.kernel_size = {3, 3}, .strides = {1, 2}})));
  CHECK(!has_winograd_form(make_window(input, {.kernel_size = {3, 3}, .dilation_rate = {2, 1}})));
}

TEST_CASE("a kernel's transform is G g Gᵀ, and back its adjoint") {
  const double g_matrix[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
  constexpr std::size_t kSize = 16, kStep = 40;
  const auto kernel = random_numbers(9 * kSize, 1);
  std::vector<float> transformed(16 * kStep, 0.0f);
  transform_kernel(kernel.data(), kSize, kStep, transformed.data());
  for (std::size_t i = 0; i < kSize; ++i) {
    for (std::size_t position = 0; position < 16; ++position) {
      double expected = 0.0;
      for (std::size_t tap = 0; tap < 9; ++tap) {
        expected += g_matrix[position / 4][tap / 3] * g_matrix[position % 4][tap % 3] *
                    static_cast<double>(kernel[tap * kSize + i]);
      }
      CHECK(transformed[position * kStep + i] == Approx(expected).margin(1e-6));
    }
  }
  auto other = random_numbers(16 * kStep, 2);
  std::vector<float> back(9 * kSize, 0.0f);
  add_transform_kernel_adjoint(other.data(), kSize, kStep, back.data());
  CHECK(dot(transformed, other) == Approx(dot(kernel, back)).margin(1e-4));
  const auto once = back;
  add_transform_kernel_adjoint(other.data(), kSize, kStep, back.data());
  for (std::size_t i = 0; i < back.size(); ++i) CHECK(back[i] == Approx(2 * once[i]).margin(1e-6));
}

TEST_CASE("the transforms of inputs and outputs have adjoints, whatever the image's edges") {
  for (const Window& window : windows()) {
    INFO(to_string(window.input) << ", padded by " << window.pad_top);
    const TileBand band = all_tiles(window);
    const std::size_t in_step = step_of(window, kChannels), out_step = step_of(window, kFilters);
    const auto image = random_numbers(window.input.size(), 1);
    std::vector<float> v(16 * in_step, 0.0f), back(image.size(), 0.0f);
    const auto other_v = random_numbers(v.size(), 2);
    transform_input(window, band, image.data(), zeros().data(), in_step, v.data());
    add_transform_input_adjoint(window, band, other_v.data(), in_step, back.data());
    CHECK(dot(v, other_v) == Approx(dot(image, back)).margin(1e-3));

    const auto m = random_numbers(16 * out_step, 3);
    const auto output_size = static_cast<std::size_t>(window.pixels()) * kFilters;
    std::vector<float> output(output_size, NAN), dm(m.size(), 0.0f);
    const auto other_output = random_numbers(output_size, 4);
    transform_output(window, band, m.data(), out_step, kFilters, output.data());
    transform_output_adjoint(window, band, other_output.data(), kFilters, zeros().data(), out_step,
                             dm.data());
    CHECK(dot(output, other_output) == Approx(dot(m, dm)).margin(1e-3));
  }
}

TEST_CASE("bands of tiles together are the whole image") {
  const Window window = make_window({9, 7, kChannels}, {.kernel_size = {3, 3}});
  const auto image = random_numbers(window.input.size(), 1);
  const TileBand whole = all_tiles(window);
  const std::size_t step = step_of(window, kChannels);
  std::vector<float> v(16 * step, 0.0f);
  transform_input(window, whole, image.data(), zeros().data(), step, v.data());
  std::size_t place = 0;
  for (const auto& [first, last] : {std::pair{0, 1}, {1, 3}, {3, 4}}) {
    const TileBand band{first, last, whole.columns};
    std::vector<float> part(16 * step, 0.0f);
    transform_input(window, band, image.data(), zeros().data(), step, part.data());
    const auto size = static_cast<std::size_t>(band.tiles() * kChannels);
    for (std::size_t position = 0; position < 16; ++position) {
      CHECK(std::equal(part.begin() + static_cast<std::ptrdiff_t>(position * step),
                       part.begin() + static_cast<std::ptrdiff_t>(position * step + size),
                       v.begin() + static_cast<std::ptrdiff_t>(position * step + place)));
    }
    place += size;
  }
}
