#include "bnn/data/idx.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <span>

#include "bnn/core/error.h"
#include "bnn/data/byte_stream.h"
#include "bnn/data/data_files.h"

namespace bnn {
namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 20;
constexpr std::size_t kTrustedBytes = std::size_t{64} << 20;  // reserved on a header's word alone

struct Header {
  std::size_t dimensions = 0;
  std::array<std::uint32_t, 4> sizes = {1, 1, 1, 1};

  std::size_t bytes() const { return 4 + 4 * dimensions; }
};

[[noreturn]] void fail(const ByteStream& in, const std::string& sentence) {
  throw Error(ErrorKind::data, fmt::format("{}: {}", in.name(), sentence));
}

std::string type_name(std::uint8_t type) {
  switch (type) {
    case 0x08:
      return "unsigned bytes";
    case 0x09:
      return "signed bytes";
    case 0x0b:
      return "16-bit integers";
    case 0x0c:
      return "32-bit integers";
    case 0x0d:
      return "32-bit floating-point numbers";
    case 0x0e:
      return "64-bit floating-point numbers";
    default:
      return fmt::format("values of unknown type {}", type);
  }
}

Header read_header(ByteStream& in, const std::string& what) {
  std::array<std::uint8_t, 4> magic = {};
  if (in.read(magic) < magic.size() || magic[0] != 0 || magic[1] != 0) {
    fail(in, "does not begin with the header of an idx file");
  }
  if (magic[2] != 0x08) fail(in, "expected unsigned bytes, found " + type_name(magic[2]));
  const std::size_t dimensions = magic[3];
  const bool images = dimensions == 3 || dimensions == 4;
  if (what == "labels" ? dimensions != 1 : !images) {
    const std::string found = dimensions == 1 ? "labels (1 dimension)"
                              : images        ? fmt::format("images ({} dimensions)", dimensions)
                                              : fmt::format("{} dimensions", dimensions);
    fail(in, fmt::format("expected {} ({}), found {}", what,
                         what == "labels" ? "1 dimension" : "3 or 4 dimensions", found));
  }
  Header header;
  header.dimensions = dimensions;
  for (std::size_t i = 0; i < dimensions; ++i) {
    std::array<std::uint8_t, 4> bytes = {};
    if (in.read(bytes) < bytes.size()) fail(in, "ends inside its header");
    header.sizes[i] = 0;
    for (const std::uint8_t byte : bytes) header.sizes[i] = (header.sizes[i] << 8) | byte;
  }
  if (header.sizes[0] == 0) fail(in, "holds no examples");
  return header;
}

void check_shape(const ByteStream& in, const Header& header, const Shape& shape) {
  const std::array<int, 3> expected = {shape.height, shape.width, shape.channels};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (header.sizes[i + 1] == static_cast<std::uint32_t>(expected[i])) continue;
    fail(in,
         fmt::format("images are {} x {} x {} but /model/input says {} x {} x {}", header.sizes[1],
                     header.sizes[2], header.sizes[3], shape.height, shape.width, shape.channels));
  }
}

// The number of bytes that follow the header, after it has been compared with what can be known.
std::size_t checked_bytes(const ByteStream& in, const Header& header, std::size_t example_bytes) {
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(static_cast<std::size_t>(header.sizes[0]), example_bytes, &bytes) ||
      bytes > SIZE_MAX - header.bytes()) {
    fail(in, "its header announces more than any file can hold");
  }
  const std::size_t total = header.bytes() + bytes;
  if (in.size() && *in.size() != total) {
    fail(in, fmt::format("its header announces {} bytes, the file has {}", total, *in.size()));
  }
  if (!in.size() && total > kMaxStreamBytes) {
    fail(in, fmt::format("its header announces {} bytes, more than the {} that are read from a "
                         "stream (decompress the file first)",
                         total, kMaxStreamBytes));
  }
  return bytes;
}

// Adds exactly `bytes` bytes, which must be the rest of the stream.
void append_rest(ByteStream& in, std::size_t bytes, ByteArray& out) {
  const std::size_t first = out.size();
  out.reserve(first + (in.size() ? bytes : std::min(bytes, kTrustedBytes)));
  while (out.size() - first < bytes) {
    const std::size_t before = out.size();
    const std::size_t want = std::min(kReadBytes, bytes - (before - first));
    out.resize(before + want);
    const std::size_t got = in.read(std::span(out).subspan(before));
    if (got < want) {
      fail(in, fmt::format("ends after {} of the {} bytes that its header announces",
                           before - first + got, bytes));
    }
  }
  std::uint8_t surplus = 0;
  if (in.read({&surplus, 1}) != 0) {
    fail(in, fmt::format("holds more than the {} bytes that its header announces", bytes));
  }
}

void append_labels(ByteStream& in, std::size_t bytes, const LabelRange& range,
                   std::vector<int>& labels) {
  ByteArray values;
  append_rest(in, bytes, values);
  labels.reserve(labels.size() + values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] >= range.count) fail(in, label_problem("example", i, values[i], range));
    labels.push_back(values[i]);
  }
}

}  // namespace

std::size_t append_idx(const std::string& images_path, const std::string& labels_path,
                       const LabelRange& range, const Shape& shape, RawImages& images) {
  ByteStream pixels{open_data_file(images_path)};
  const Header header = read_header(pixels, "images");
  check_shape(pixels, header, shape);
  const std::size_t bytes = checked_bytes(pixels, header, shape.size());
  ByteStream labels{open_data_file(labels_path)};
  const Header label_header = read_header(labels, "labels");
  if (label_header.sizes[0] != header.sizes[0]) {
    fail(labels, fmt::format("has {} labels for the {} images of {}", label_header.sizes[0],
                             header.sizes[0], pixels.name()));
  }
  append_labels(labels, checked_bytes(labels, label_header, 1), range, images.labels);
  append_rest(pixels, bytes, images.pixels);
  return header.sizes[0];
}

std::size_t append_idx_images(InputFile file, const Shape& shape, RawImages& images) {
  ByteStream pixels{std::move(file)};
  const Header header = read_header(pixels, "images");
  check_shape(pixels, header, shape);
  append_rest(pixels, checked_bytes(pixels, header, shape.size()), images.pixels);
  return header.sizes[0];
}

std::vector<int> read_idx_labels(const std::string& path) {
  ByteStream in{open_data_file(path)};
  const Header header = read_header(in, "labels");
  ByteArray values;
  append_rest(in, checked_bytes(in, header, 1), values);
  return {values.begin(), values.end()};
}

std::optional<Shape> idx_shape(const std::string& path) {
  try {
    ByteStream in{open_data_file(path)};
    const Header header = read_header(in, "images");
    constexpr std::uint32_t kMost = 1u << 20;  // the loader compares sizes with the file's
    for (std::size_t i = 1; i < 4; ++i) {
      if (header.sizes[i] == 0 || header.sizes[i] > kMost) return std::nullopt;
    }
    return Shape{static_cast<int>(header.sizes[1]), static_cast<int>(header.sizes[2]),
                 static_cast<int>(header.sizes[3])};
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace bnn
