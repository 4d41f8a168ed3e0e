#include "bnn/files/npy.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>

#include "bnn/core/error.h"
#include "bnn/core/input_file.h"

namespace bnn {
namespace {

static_assert(std::endian::native == std::endian::little,
              "values are written as they lie in memory");

constexpr std::size_t kNpyAlignment = 64;
constexpr std::size_t kMaxBytes = std::numeric_limits<std::int64_t>::max() / 2;

// True if the array and its header have a size that a file can have.
bool fits_a_file(std::size_t samples, std::size_t examples, std::size_t classes) {
  std::size_t bytes = sizeof(float);
  return !__builtin_mul_overflow(bytes, samples, &bytes) &&
         !__builtin_mul_overflow(bytes, examples, &bytes) &&
         !__builtin_mul_overflow(bytes, classes, &bytes) && bytes <= kMaxBytes;
}

// Padded with spaces so that the whole header has a multiple of 64 bytes, and at least `least`.
std::string header(const std::string& shape, std::size_t least = 0) {
  std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + shape + "), }";
  constexpr std::size_t kPrefix = 10;  // magic, version, length
  const std::size_t unpadded = std::max(kPrefix + text.size() + 1, least);
  const std::size_t whole = (unpadded + kNpyAlignment - 1) / kNpyAlignment * kNpyAlignment;
  text.append(whole - (kPrefix + text.size() + 1), ' ');
  text += '\n';
  std::string prefix = "\x93NUMPY";
  prefix += '\x01';
  prefix += '\x00';
  prefix += static_cast<char>(text.size() % 256);
  prefix += static_cast<char>(text.size() / 256);
  return prefix + text;
}

// Room for any number of rows and columns.
constexpr std::size_t kTableHeader = 128;

}  // namespace

NpyWriter::NpyWriter(const std::string& path, std::size_t samples, std::size_t examples,
                     std::size_t classes)
    : path_(path), samples_(samples), examples_(examples), classes_(classes), file_(path) {
  if (!fits_a_file(samples, examples, classes)) {
    throw Error(ErrorKind::io, shown_path(path) + ": cannot write: an array of " +
                                   std::to_string(samples) + " x " + std::to_string(examples) +
                                   " x " + std::to_string(classes) + " numbers is too large");
  }
  const std::string text = header(std::to_string(samples) + ", " + std::to_string(examples) + ", " +
                                  std::to_string(classes));
  data_offset_ = text.size();
  file_.write_at(0, std::as_bytes(std::span(text)));
}

void NpyWriter::write_block(std::size_t first_example, std::size_t examples,
                            std::span<const float> values) {
  if (first_example > examples_ || examples > examples_ - first_example ||
      values.size() != samples_ * examples * classes_) {
    throw Error(ErrorKind::internal, shown_path(path_) + ": a block of " +
                                         std::to_string(examples) + " examples from " +
                                         std::to_string(first_example) + " does not fit the array");
  }
  const std::size_t count = examples * classes_;
  for (std::size_t sample = 0; sample < samples_; ++sample) {
    const std::size_t position = (sample * examples_ + first_example) * classes_;
    file_.write_at(data_offset_ + position * sizeof(float),
                   std::as_bytes(values.subspan(sample * count, count)));
  }
  written_ += examples;
}

void NpyWriter::finish() {
  if (written_ != examples_) {
    throw Error(ErrorKind::internal, shown_path(path_) + ": finished with " +
                                         std::to_string(written_) + " of " +
                                         std::to_string(examples_) + " examples written");
  }
  file_.commit();
}

NpyTable::NpyTable(const std::string& path, std::size_t columns)
    : path_(path), columns_(columns), file_(path) {}

void NpyTable::write_row(std::span<const float> values) {
  if (values.size() != columns_) {
    throw Error(ErrorKind::internal, shown_path(path_) + ": a row of " +
                                         std::to_string(values.size()) + " numbers does not fit");
  }
  file_.write_at(kTableHeader + rows_ * columns_ * sizeof(float), std::as_bytes(values));
  ++rows_;
}

void NpyTable::finish() {
  const std::string text =
      header(std::to_string(rows_) + ", " + std::to_string(columns_), kTableHeader);
  file_.write_at(0, std::as_bytes(std::span(text)));
  file_.commit();
}

}  // namespace bnn
