#include "bnn/images/resize.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace bnn {
namespace {

using Integer = std::uint64_t;

struct Range {
  Integer first = 0, last = 0;  // last is not part of it
};

// One direction: the old pixels that make up a new one, and their weights, whole numbers whose sum
// is total(). Lengths are measured in 1 / out of an old pixel where the image shrinks and in
// 1 / (2 out) where it grows.
class Axis {
 public:
  Axis(int in, int out)
      : in_(static_cast<Integer>(in)), out_(static_cast<Integer>(out)), grows_(out > in) {}

  Integer total() const { return grows_ ? 2 * out_ : in_; }

  Range range(Integer o) const {
    if (!grows_) return {o * in_ / out_, ((o + 1) * in_ + out_ - 1) / out_};
    const Integer place = position(o);
    const Integer first = place / (2 * out_);
    return {first, first + (place % (2 * out_) > 0 ? 2 : 1)};
  }

  // @param i inside range(o)
  Integer weight(Integer o, Integer i) const {
    if (!grows_) return std::min((i + 1) * out_, (o + 1) * in_) - std::max(i * out_, o * in_);
    const Integer place = position(o);
    const Integer beyond = place % (2 * out_);
    return i == place / (2 * out_) ? 2 * out_ - beyond : beyond;
  }

 private:
  // Where the centre of new pixel o lies, counted from the centre of old pixel 0.
  Integer position(Integer o) const {
    const Integer centre = (2 * o + 1) * in_;
    return std::clamp(centre, out_, out_ + (in_ - 1) * 2 * out_) - out_;
  }

  Integer in_, out_;
  bool grows_;
};

std::uint8_t rounded(Integer sum, Integer total) {
  return static_cast<std::uint8_t>((sum + total / 2) / total);
}

// Adds `weight` times the new pixels that one old row makes to `sums`.
void add_row(const std::uint8_t* row, const Axis& axis, Integer weight, std::size_t channels,
             std::vector<Integer>& sums) {
  for (std::size_t x = 0; x < sums.size() / channels; ++x) {
    const Range columns = axis.range(x);
    for (Integer i = columns.first; i < columns.last; ++i) {
      const Integer share = weight * axis.weight(x, i);
      for (std::size_t c = 0; c < channels; ++c) {
        sums[x * channels + c] += share * row[i * channels + c];
      }
    }
  }
}

std::string counted(const std::string& what, std::size_t count) {
  return fmt::format("{} {}", what, count);
}

}  // namespace

Image resize(const Image& image, int height, int width) {
  if (height == image.height && width == image.width) return image;
  const Axis rows(image.height, height), columns(image.width, width);
  const auto channels = static_cast<std::size_t>(image.channels);
  const std::size_t old_row = static_cast<std::size_t>(image.width) * channels;
  Image out{height, width, image.channels, {}};
  std::vector<Integer> sums(static_cast<std::size_t>(width) * channels);
  out.bytes.reserve(out.shape().size());
  for (Integer y = 0; y < static_cast<Integer>(height); ++y) {
    std::fill(sums.begin(), sums.end(), 0);
    const Range range = rows.range(y);
    for (Integer i = range.first; i < range.last; ++i) {
      add_row(image.bytes.data() + i * old_row, columns, rows.weight(y, i), channels, sums);
    }
    for (const Integer sum : sums) {
      out.bytes.push_back(rounded(sum, rows.total() * columns.total()));
    }
  }
  return out;
}

Image in_proportion(const Image& image, int height, int width, ResizeMode mode) {
  const auto scaled = [](int a, int b, int c) {  // a b / c, to the nearest and at least 1
    const Integer product = static_cast<Integer>(a) * static_cast<Integer>(b);
    const auto divisor = static_cast<Integer>(c);
    return std::max(1, static_cast<int>((product + divisor / 2) / divisor));
  };
  // In the wanted proportions: the height that goes with this width, and the reverse.
  const int fitting_height = scaled(image.width, height, width);
  const int fitting_width = scaled(image.height, width, height);
  const bool cuts = mode == ResizeMode::crop;
  Image out{cuts ? std::min(image.height, fitting_height) : std::max(image.height, fitting_height),
            cuts ? std::min(image.width, fitting_width) : std::max(image.width, fitting_width),
            image.channels,
            {}};
  if (mode == ResizeMode::stretch || out.shape() == image.shape()) return image;
  out.bytes.assign(out.shape().size(), 0);
  const auto channels = static_cast<std::size_t>(image.channels);
  const auto half = [](int larger, int smaller) {
    return static_cast<std::size_t>(std::max(larger - smaller, 0) / 2);
  };
  const std::size_t from_top = half(image.height, out.height),
                    to_top = half(out.height, image.height);
  const std::size_t from_left = half(image.width, out.width),
                    to_left = half(out.width, image.width);
  const auto rows = static_cast<std::size_t>(std::min(image.height, out.height));
  const std::size_t row_bytes =
      static_cast<std::size_t>(std::min(image.width, out.width)) * channels;
  const auto place = [&](const Image& of, std::size_t row, std::size_t column) {
    return static_cast<std::ptrdiff_t>((row * static_cast<std::size_t>(of.width) + column) *
                                       channels);
  };
  for (std::size_t y = 0; y < rows; ++y) {
    std::copy_n(image.bytes.begin() + place(image, from_top + y, from_left), row_bytes,
                out.bytes.begin() + place(out, to_top + y, to_left));
  }
  return out;
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
  if (resizes) image = in_proportion(image, shape.height, shape.width, mode);
  image = resize(image, shape.height, shape.width);
  return with_channels(std::move(image), shape.channels);
}

}  // namespace bnn
