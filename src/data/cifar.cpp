#include "bnn/data/cifar.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "bnn/core/error.h"

namespace bnn {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kChunkBytes = std::size_t{128} << 10;  // stays in the second-level cache
constexpr std::size_t kCifar10Record = 3073;
constexpr std::size_t kCifar100Record = 3074;

// What else a file may be that does not fit its layout, as the end of a sentence.
std::string guess(Bytes head, std::uint64_t size) {
  if (head.size() >= 2 && head[0] == 0x1f && head[1] == 0x8b) {
    return "; the file is gzip-compressed: decompress it first";
  }
  const bool idx = head.size() >= 4 && head[0] == 0 && head[1] == 0 && head[2] == 8 &&
                   head[3] >= 1 && head[3] <= 4;
  if (idx) return "; this looks like an idx file (format \"idx\")";
  for (const auto& [format, record] :
       {std::pair("cifar10", kCifar10Record), std::pair("cifar100", kCifar100Record)}) {
    if (size > 0 && size % record == 0) {
      return fmt::format("; the size fits format \"{}\"", format);
    }
  }
  return "";
}

// Planes of `pixels` bytes become pixels of `channels` bytes.
void interleave(const std::uint8_t* planes, std::size_t pixels, std::size_t channels,
                std::uint8_t* out) {
  if (channels == 3) {
    const std::uint8_t* red = planes;
    const std::uint8_t* green = planes + pixels;
    const std::uint8_t* blue = planes + 2 * pixels;
    for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
      out[3 * pixel] = red[pixel];
      out[3 * pixel + 1] = green[pixel];
      out[3 * pixel + 2] = blue[pixel];
    }
    return;
  }
  for (std::size_t channel = 0; channel < channels; ++channel) {
    for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
      out[pixel * channels + channel] = planes[channel * pixels + pixel];
    }
  }
}

// Whole records; `done` records of the same file came before them.
void put_records(Bytes bytes, std::size_t done, const std::string& name, const CifarLayout& layout,
                 std::uint8_t* pixels, int* labels) {
  const std::size_t count = bytes.size() / layout.record_bytes();
  for (std::size_t i = 0; i < count; ++i) {
    const Bytes record = bytes.subspan(i * layout.record_bytes(), layout.record_bytes());
    const int label = record[layout.label_index];
    if (label >= layout.labels.count) {
      const std::size_t head = done == 0 ? std::min<std::size_t>(4, bytes.size()) : 0;
      throw Error(
          ErrorKind::data,
          fmt::format("{}: {}{}", name, label_problem("record", done + i, label, layout.labels),
                      guess(bytes.first(head), 0)));
    }
    labels[i] = label;
    interleave(record.data() + layout.label_bytes, layout.shape.pixels(),
               static_cast<std::size_t>(layout.shape.channels), pixels + i * layout.shape.size());
  }
}

[[noreturn]] void fail_inside(const InputFile& file, const CifarLayout& layout,
                              std::size_t record) {
  throw Error(ErrorKind::data,
              fmt::format("{}: ends inside record {}, records have {} bytes (format \"{}\")",
                          file.name(), record, layout.record_bytes(), layout.format));
}

std::size_t records_of_a_chunk(const CifarLayout& layout) {
  return std::max<std::size_t>(1, kChunkBytes / layout.record_bytes());
}

// Records until the end, of a file whose size is not known.
std::size_t append_stream(InputFile& file, const CifarLayout& layout, RawImages& images) {
  const std::size_t record = layout.record_bytes();
  std::vector<std::uint8_t> chunk(records_of_a_chunk(layout) * record);
  std::size_t done = 0;
  for (std::size_t got = chunk.size(); got == chunk.size();) {
    got = file.read(chunk);
    if (got % record != 0) fail_inside(file, layout, done + got / record);
    const std::size_t first = images.labels.size();
    images.labels.resize(first + got / record);
    images.pixels.resize((first + got / record) * layout.shape.size());
    put_records(Bytes(chunk).first(got), done, file.name(), layout,
                images.pixels.data() + first * layout.shape.size(), images.labels.data() + first);
    done += got / record;
    if (got == chunk.size() && done * record > kMaxStreamBytes) {
      throw Error(ErrorKind::data,
                  fmt::format("{}: more than {} bytes; use a file", file.name(), kMaxStreamBytes));
    }
  }
  if (done == 0) throw Error(ErrorKind::data, fmt::format("{}: holds no records", file.name()));
  return done;
}

}  // namespace

CifarLayout cifar_layout(const DataConfig& config, const Shape& shape, int classes) {
  CifarLayout layout;
  layout.format = to_string(config.format);
  layout.shape = shape;
  layout.labels = label_range(config, classes);
  if (config.format == DataFormat::cifar) {
    layout.label_bytes = static_cast<std::size_t>(config.label_bytes);
    layout.label_index = static_cast<std::size_t>(config.label_index);
    return layout;
  }
  if (shape.height != 32 || shape.width != 32 || shape.channels != 3) {
    throw Error(ErrorKind::config,
                fmt::format("/model/input: images of format \"{}\" are 32 x 32 x 3, found {}",
                            layout.format, to_string(shape)));
  }
  const bool two_labels = config.format == DataFormat::cifar100;
  layout.label_bytes = two_labels ? 2 : 1;
  layout.label_index = two_labels && config.fine_labels ? 1 : 0;
  return layout;
}

std::optional<std::uint64_t> count_records(InputFile& file, const CifarLayout& layout) {
  if (!file.size()) return std::nullopt;
  const std::uint64_t size = *file.size();
  const std::uint64_t record = layout.record_bytes();
  if (size > 0 && size % record == 0) return size / record;
  std::array<std::uint8_t, 4> head = {};
  const std::size_t got = file.read(head);
  throw Error(
      ErrorKind::data,
      fmt::format("{}: expected a whole number of records of {} bytes (format \"{}\"), "
                  "found {} bytes{}",
                  file.name(), record, layout.format, size, guess(Bytes(head).first(got), size)));
}

void read_cifar(InputFile& file, const CifarLayout& layout, std::size_t records,
                std::uint8_t* pixels, int* labels) {
  const std::size_t record = layout.record_bytes();
  std::vector<std::uint8_t> chunk(std::min(records, records_of_a_chunk(layout)) * record);
  for (std::size_t done = 0; done < records;) {
    const std::size_t count = std::min(records - done, records_of_a_chunk(layout));
    const std::size_t got = file.read(std::span(chunk).first(count * record));
    if (got < count * record) fail_inside(file, layout, done + got / record);
    put_records(Bytes(chunk).first(got), done, file.name(), layout,
                pixels + done * layout.shape.size(), labels + done);
    done += count;
  }
}

std::size_t append_cifar(InputFile& file, const CifarLayout& layout, RawImages& images) {
  const std::optional<std::uint64_t> count = count_records(file, layout);
  if (!count) return append_stream(file, layout, images);
  const auto records = static_cast<std::size_t>(*count);
  const std::size_t first = images.labels.size();
  images.labels.resize(first + records);
  images.pixels.resize((first + records) * layout.shape.size());
  read_cifar(file, layout, records, images.pixels.data() + first * layout.shape.size(),
             images.labels.data() + first);
  return records;
}

}  // namespace bnn
