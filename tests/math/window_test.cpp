#include "bnn/math/window.h"

#include <climits>
#include <cstring>

#include <catch2/catch.hpp>

#include "support/layer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

std::string describe(const NaiveWindow& w) {
  return conv_text("conv2d", w) + " on " + to_string(w.input);
}

std::vector<float> im2col_all(const Window& window, const std::vector<float>& image) {
  std::vector<float> columns(
      static_cast<std::size_t>(window.pixels()) * static_cast<std::size_t>(window.depth()), kUnset);
  im2col(window, image.data(), 0, window.output_height, columns.data());
  return columns;
}

std::vector<float> im2col_naive(const NaiveWindow& w, const std::vector<float>& image) {
  const auto channels = static_cast<std::size_t>(w.input.channels);
  const auto taps = static_cast<std::size_t>(w.kernel[0] * w.kernel[1]);
  std::vector<float> columns(w.pixels() * taps * channels, 0.0f);
  naive_taps(w, [&](std::size_t to, std::size_t tap, std::size_t from) {
    std::memcpy(&columns[(to * taps + tap) * channels], &image[from * channels],
                channels * sizeof(float));
  });
  return columns;
}

double dot(const std::vector<float>& a, const std::vector<float>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// Every window of the grid that fits; rows of taps shorter and longer than a vector.
template <typename Visit>
void for_each_window(const Visit& visit) {
  for (NaiveWindow w : window_grid()) {
    if (w.pixels() == 0) continue;
    for (const int channels : {1, 3, 8}) {
      w.input.channels = channels;
      INFO(describe(w));
      visit(w, make_window(w.input, window_spec(w)),
            random_numbers(w.input.size(), static_cast<std::uint32_t>(channels)));
    }
  }
}

std::string refusal(const Shape& input, const WindowSpec& spec) {
  try {
    make_window(input, spec);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::config);
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("output sizes and pads of a window are TensorFlow's") {
  struct Row {
    int input, kernel, stride, dilation;
    int same, before, after;
    int valid;  // 0: does not fit
  };
  const Row table[] = {{32, 5, 1, 1, 32, 2, 2, 28}, {32, 2, 1, 1, 32, 0, 1, 31},
                       {32, 3, 2, 1, 16, 0, 1, 15}, {33, 3, 2, 1, 17, 1, 1, 16},
                       {28, 5, 2, 1, 14, 1, 2, 12}, {8, 1, 2, 1, 4, 0, 0, 4},
                       {10, 2, 1, 3, 10, 1, 2, 7},  {10, 3, 1, 2, 10, 2, 2, 6},
                       {5, 2, 3, 1, 2, 0, 0, 2},    {5, 7, 1, 1, 5, 3, 3, 0}};
  const auto taps_in = [](int cells, int dilation) { return (cells + dilation - 1) / dilation; };
  for (const Row& row : table) {
    INFO("input " << row.input << ", kernel " << row.kernel << ", stride " << row.stride
                  << ", dilation " << row.dilation);
    // Vertically the row of the table, horizontally a kernel of 1; then the other way round.
    for (const std::size_t side : {0u, 1u}) {
      WindowSpec spec{.padding = Padding::same};
      spec.kernel_size[side] = row.kernel;
      spec.strides[side] = row.stride;
      spec.dilation_rate[side] = row.dilation;
      const Shape input = side == 0 ? Shape{row.input, 4, 1} : Shape{4, row.input, 1};
      const Window same = make_window(input, spec);
      CHECK((side == 0 ? same.output_height : same.output_width) == row.same);
      CHECK((side == 0 ? same.output_width : same.output_height) == 4);
      CHECK((side == 0 ? same.pad_top : same.pad_left) == row.before);
      CHECK((side == 0 ? same.pad_left : same.pad_top) == 0);
      // Zeros before the first output's first cell and after the last output's last cell.
      const auto columns = im2col_all(same, std::vector<float>(input.size(), 1.0f));
      const auto first = columns.begin(), last = columns.end() - row.kernel;
      CHECK(std::count(first, first + row.kernel / 2, 0.0f) == taps_in(row.before, row.dilation));
      CHECK(std::count(last + row.kernel / 2, columns.end(), 0.0f) ==
            taps_in(row.after, row.dilation));
      spec.padding = Padding::valid;
      if (row.valid == 0) {
        CHECK(refusal(input, spec) != "no error");
        continue;
      }
      const Window valid = make_window(input, spec);
      CHECK((side == 0 ? valid.output_height : valid.output_width) == row.valid);
      CHECK((valid.pad_top == 0 && valid.pad_left == 0));
    }
  }
}

TEST_CASE("a window that does not fit is refused with its size") {
  CHECK(refusal({5, 9, 1}, {.kernel_size = {7, 7}}) ==
        "a window of height 7 does not fit an input of height 5 with padding \"valid\"");
  CHECK(refusal({9, 4, 1}, {.kernel_size = {3, 3}, .dilation_rate = {1, 2}}) ==
        "a window of width 5 does not fit an input of width 4 with padding \"valid\"");
  CHECK(refusal({4, 4, 1}, {.kernel_size = {4, 4}}) == "no error");
  for (const NaiveWindow& w : window_grid()) {
    INFO(describe(w));
    CHECK((refusal({w.input.height, w.input.width, 2}, window_spec(w)) == "no error") ==
          (w.pixels() > 0));
  }
}

TEST_CASE("sizes that overflow are refused") {
  constexpr int kHuge = 2147483647;
  const WindowSpec wide{.kernel_size = {kHuge, kHuge}, .padding = Padding::same};
  CHECK(refusal({4, 4, 1}, wide).find("too large") != std::string::npos);
  const WindowSpec spread{
      .kernel_size = {2, 2}, .dilation_rate = {kHuge, kHuge}, .padding = Padding::same};
  CHECK(refusal({4, 4, 1}, spread).find("too large") != std::string::npos);
  CHECK(refusal({4, 4, 1}, {.kernel_size = {kHuge, kHuge}, .dilation_rate = {kHuge, kHuge}}) !=
        "no error");
  CHECK(refusal({4, 4, 1 << 20}, {.kernel_size = {64, 64}, .padding = Padding::same})
            .find("too many") != std::string::npos);
  CHECK(refusal({1 << 20, 1 << 20, 1}, {}).find("too large") != std::string::npos);
}

TEST_CASE("im2col copies the cells under each window and zeros outside the image") {
  for_each_window([](const NaiveWindow& w, const Window& window, const std::vector<float>& image) {
    CHECK(im2col_all(window, image) == im2col_naive(w, image));
  });
}

TEST_CASE("windows read in place are the rows of the im2col matrix, of all lines and of some") {
  int in_place = 0;
  for_each_window([&](const NaiveWindow& w, const Window& window, const std::vector<float>& image) {
    const bool is_dense =
        (w.dilation[0] == 1 || w.kernel[0] == 1) && (w.dilation[1] == 1 || w.kernel[1] == 1);
    CHECK(has_window_matrix(window) == is_dense);
    if (!is_dense) {
      CHECK(padded_size(window) == 0);
      return;
    }
    ++in_place;
    const std::vector<float> columns = im2col_naive(w, image);
    std::vector<float> memory(padded_size(window), kUnset);
    const float* padded = pad_image(window, image.data(), memory.data());
    CHECK((padded == image.data()) == memory.empty());
    for (int first = 0; first < window.output_height; ++first) {
      const WindowMatrix a = window_matrix(window, padded, first, window.output_height);
      REQUIRE(a.rows() == (window.output_height - first) * window.output_width);
      REQUIRE(a.columns() == window.depth());
      std::vector<float> rows;
      for (int y = 0; y < a.lines; ++y) {
        for (int x = 0; x < a.line_rows; ++x) {
          for (int run = 0; run < a.runs; ++run) {
            const float* from = a.data + y * a.line_step + x * a.row_step + run * a.run_step;
            rows.insert(rows.end(), from, from + a.run_size);
          }
        }
      }
      const std::size_t at = columns.size() - rows.size();
      CHECK(
          std::equal(rows.begin(), rows.end(), columns.begin() + static_cast<std::ptrdiff_t>(at)));
    }
  });
  CHECK(in_place > 20);
}

TEST_CASE("col2im is the adjoint of im2col") {
  for_each_window([](const NaiveWindow& w, const Window& window, const std::vector<float>& image) {
    const auto columns = im2col_naive(w, image);
    const auto c = random_numbers(columns.size(), 3);
    std::vector<float> back(image.size(), 0.0f);
    add_col2im(window, c.data(), 0, window.output_height, back.data());
    // <im2col(x), c> = <x, col2im(c)>
    CHECK(dot(columns, c) == Approx(dot(image, back)).margin(1e-4));
  });
}

TEST_CASE("im2col under the longest stride is that under any stride beyond the image") {
  for (const int kernel : {5, 7}) {
    NaiveWindow w{{kernel, 3, 1}, 1, {kernel, kernel}, {100, 100}, {1, 1}, Padding::same};
    const auto image = random_numbers(w.input.size(), 1);
    const auto expected = im2col_naive(w, image);
    w.strides = {INT_MAX, INT_MAX};
    const Window window = make_window(w.input, window_spec(w));
    REQUIRE(window.pixels() == 1);
    CHECK(im2col_all(window, image) == expected);
  }
}

TEST_CASE("col2im adds to what is there") {
  const Window window = make_window({3, 3, 1}, {.kernel_size = {2, 2}});
  const std::vector<float> ones(16, 1.0f);
  std::vector<float> image(9, 10.0f);
  add_col2im(window, ones.data(), 0, 2, image.data());
  // As many windows as cover the cell.
  CHECK(image == std::vector<float>{11, 12, 11, 12, 14, 12, 11, 12, 11});
}

TEST_CASE("tiles cut anywhere give the rows of the whole matrix") {
  for_each_window([](const NaiveWindow& w, const Window& window, const std::vector<float>& image) {
    const auto whole = im2col_naive(w, image);
    const auto c = random_numbers(whole.size(), 4);
    std::vector<float> expected(image.size(), 0.0f);
    add_col2im(window, c.data(), 0, window.output_height, expected.data());
    const std::size_t row = whole.size() / static_cast<std::size_t>(window.output_height);
    for (int cut = 0; cut <= window.output_height; ++cut) {
      const std::size_t at = row * static_cast<std::size_t>(cut);
      std::vector<float> columns(whole.size(), kUnset), back(image.size(), 0.0f);
      im2col(window, image.data(), cut, window.output_height, columns.data() + at);
      im2col(window, image.data(), 0, cut, columns.data());
      add_col2im(window, c.data(), 0, cut, back.data());
      add_col2im(window, c.data() + at, cut, window.output_height, back.data());
      if (columns != whole || back != expected) FAIL("cut before row " << cut);
    }
  });
}

TEST_CASE("im2col of a window with one tap and no stride is the image itself") {
  const Shape input{4, 5, 3};
  CHECK(make_window(input, {}).is_identity());
  CHECK(make_window(input, {.dilation_rate = {2, 2}, .padding = Padding::same}).is_identity());
  CHECK(!make_window(input, {.kernel_size = {1, 2}}).is_identity());
  CHECK(!make_window(input, {.strides = {1, 2}}).is_identity());
  CHECK(!make_window(input, {.strides = {2, 1}}).is_identity());
  const auto image = random_numbers(input.size(), 5);
  CHECK(im2col_all(make_window(input, {}), image) == image);
}

TEST_CASE("tiles hold between one row and all rows of the output") {
  const WindowSpec same{.kernel_size = {3, 3}, .padding = Padding::same};
  CHECK(tile_rows(make_window({6, 6, 1}, same)) == 6);
  CHECK(tile_rows(make_window({8, 4096, 64}, same)) == 1);
  // 64 x 9 x 16 floats a row: seven rows stay within 64 Ki floats.
  CHECK(tile_rows(make_window({64, 64, 16}, same)) == 7);
}
