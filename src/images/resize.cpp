#include "bnn/images/resize.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace bnn {
namespace {

using Integer = std::uint64_t;
using Wide = unsigned __int128;

struct Range {
  Integer first = 0, last = 0;  // last is not part of it
};

// One direction of a window: the old pixels that make up a new one, and their weights, whole
// numbers whose sum is total(). Lengths are measured in 1 / out of an old pixel where the window
// shrinks and in 1 / (2 out) where it grows. Old pixels count from the beginning of the window;
// those outside of the image are black, so nothing is added for them.
class Axis {
 public:
  // @param first pixel of the window in the image, @param in length of the window
  Axis(std::int64_t first, std::int64_t in, int image, int out)
      : in_(static_cast<Integer>(in)),
        out_(static_cast<Integer>(out)),
        grows_(out > in),
        first_(first),
        seen_{static_cast<Integer>(std::max<std::int64_t>(-first, 0)),
              static_cast<Integer>(std::min(image - first, in))} {}

  Integer total() const { return grows_ ? 2 * out_ : in_; }

  // Without pixels that the image does not have.
  Range range(Integer o) const {
    const Range all = whole_range(o);
    return {std::max(all.first, seen_.first), std::min(all.last, seen_.last)};
  }

  // @param i inside range(o)
  Integer weight(Integer o, Integer i) const {
    if (!grows_) return std::min((i + 1) * out_, (o + 1) * in_) - std::max(i * out_, o * in_);
    const Integer place = position(o);
    const Integer beyond = place % (2 * out_);
    return i == place / (2 * out_) ? 2 * out_ - beyond : beyond;
  }

  // The same pixel, counted from the beginning of the image.
  std::size_t in_image(Integer i) const {
    return static_cast<std::size_t>(static_cast<std::int64_t>(i) + first_);
  }

 private:
  Range whole_range(Integer o) const {
    if (!grows_) return {o * in_ / out_, ((o + 1) * in_ + out_ - 1) / out_};
    const Integer place = position(o);
    const Integer first = place / (2 * out_);
    return {first, first + (place % (2 * out_) > 0 ? 2 : 1)};
  }

  // Where the centre of new pixel o lies, counted from the centre of old pixel 0.
  Integer position(Integer o) const {
    const Integer centre = (2 * o + 1) * in_;
    return std::clamp(centre, out_, out_ + (in_ - 1) * 2 * out_) - out_;
  }

  Integer in_, out_;
  bool grows_;
  std::int64_t first_;
  Range seen_;  // the old pixels that the image has
};

std::uint8_t rounded(Integer sum, Wide total) {
  return static_cast<std::uint8_t>((sum + total / 2) / total);
}

// Adds `weight` times an old row.
void add_row(const std::uint8_t* row, Integer weight, std::vector<Integer>& sums) {
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += weight * row[i];
}

// A new row from weighted sums of old ones. @param total of all weights of a new pixel
void append_row(const std::vector<Integer>& sums, const Axis& columns, Wide total, Image& out) {
  const auto channels = static_cast<std::size_t>(out.channels);
  for (Integer x = 0; x < static_cast<Integer>(out.width); ++x) {
    const Range range = columns.range(x);
    for (std::size_t c = 0; c < channels; ++c) {
      Integer sum = 0;
      for (Integer i = range.first; i < range.last; ++i) {
        sum += columns.weight(x, i) * sums[columns.in_image(i) * channels + c];
      }
      out.bytes.push_back(rounded(sum, total));
    }
  }
}

std::string counted(const std::string& what, std::size_t count) {
  return fmt::format("{} {}", what, count);
}

}  // namespace

Image resize(const Image& image, const ImageWindow& window, int height, int width) {
  const Axis rows(window.top, window.height, image.height, height);
  const Axis columns(window.left, window.width, image.width, width);
  const std::size_t old_row =
      static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.channels);
  const Wide total = Wide{rows.total()} * columns.total();
  Image out{height, width, image.channels, {}};
  std::vector<Integer> sums(old_row);
  out.bytes.reserve(out.shape().size());
  for (Integer y = 0; y < static_cast<Integer>(height); ++y) {
    std::fill(sums.begin(), sums.end(), 0);
    const Range range = rows.range(y);
    for (Integer i = range.first; i < range.last; ++i) {
      add_row(image.bytes.data() + rows.in_image(i) * old_row, rows.weight(y, i), sums);
    }
    append_row(sums, columns, total, out);
  }
  return out;
}

Image resize(const Image& image, int height, int width) {
  if (height == image.height && width == image.width) return image;
  return resize(image, {.height = image.height, .width = image.width}, height, width);
}

ImageWindow window_in_proportion(const Image& image, int height, int width, ResizeMode mode) {
  if (mode == ResizeMode::stretch) return {.height = image.height, .width = image.width};
  const auto scaled = [](std::int64_t a, std::int64_t b, std::int64_t c) {
    return std::max<std::int64_t>(1, (a * b + c / 2) / c);  // to the nearest
  };
  // In the wanted proportions: the height that goes with this width, and the reverse.
  const std::int64_t fitting_height = scaled(image.width, height, width);
  const std::int64_t fitting_width = scaled(image.height, width, height);
  const auto side = [&](std::int64_t own, std::int64_t fitting) {
    return mode == ResizeMode::crop ? std::min(own, fitting) : std::max(own, fitting);
  };
  ImageWindow window{.height = side(image.height, fitting_height),
                     .width = side(image.width, fitting_width)};
  window.top = (image.height - window.height) / 2;
  window.left = (image.width - window.width) / 2;
  return window;
}

Image with_channels(Image image, int channels) {
  if (image.channels == channels) return image;
  Image out{image.height, image.width, channels, {}};
  out.bytes.reserve(out.shape().size());
  if (channels == 3) {
    for (const std::uint8_t grey : image.bytes) out.bytes.insert(out.bytes.end(), 3, grey);
    return out;
  }
  for (std::size_t i = 0; i < image.bytes.size(); i += 3) {
    const std::uint8_t* pixel = image.bytes.data() + i;
    const Integer luma = Integer{299} * pixel[0] + Integer{587} * pixel[1] + 114 * pixel[2];
    out.bytes.push_back(rounded(luma, 1000));
  }
  return out;
}

std::string ImageChanges::sentence(const Shape& shape) const {
  if (turned == 0) return fitted_sentence(shape);
  const std::string sentence = fmt::format("turned {} of {} {} upright, as their EXIF data say",
                                           turned, images, images == 1 ? "image" : "images");
  return resized + recoloured > 0 ? fitted_sentence(shape) + "; " + sentence : sentence;
}

std::string ImageChanges::fitted_sentence(const Shape& shape) const {
  std::string done = resized > 0 ? counted("resized", resized) : "";
  if (recoloured > 0) {
    done += counted(done.empty() ? "converted the colours of" : " and converted the colours of",
                    recoloured);
  }
  return fmt::format("{} of {} {} to {}{}", done, images, images == 1 ? "image" : "images",
                     to_string(Shape{shape.height, shape.width, shape.channels}),
                     first ? fmt::format(" (the first from {})", to_string(*first)) : "");
}

void ImageChanges::add(const ImageChanges& other) {
  images += other.images;
  turned += other.turned;
  resized += other.resized;
  recoloured += other.recoloured;
  if (!first) first = other.first;
}

Image fit_image(Image image, const Shape& shape, ResizeMode mode, ImageChanges& changes) {
  const Shape old = image.shape();
  const bool resizes = old.height != shape.height || old.width != shape.width;
  const bool recolours = old.channels != shape.channels;
  ++changes.images;
  changes.turned += image.turned;
  changes.resized += resizes;
  changes.recoloured += recolours;
  if ((resizes || recolours) && !changes.first) changes.first = old;
  // Grey needs less work than colour.
  const bool grey_first = shape.channels < old.channels;
  if (grey_first) image = with_channels(std::move(image), shape.channels);
  if (resizes) {
    const ImageWindow window = window_in_proportion(image, shape.height, shape.width, mode);
    image = resize(image, window, shape.height, shape.width);
  }
  return with_channels(std::move(image), shape.channels);
}

}  // namespace bnn
