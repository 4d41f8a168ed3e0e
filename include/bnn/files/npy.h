#pragma once
// Writes a float32 array of shape (S, N, K) as an NPY 1.0 file, block by block.
//
//     "\x93NUMPY" | 1 | 0 | u16 header length | header | S * N * K little-endian floats
//
// The header is the Python dictionary {'descr', 'fortran_order', 'shape'}, padded with spaces so
// that the data begins at a multiple of 64 bytes (numpy/lib/format.py). The array is never in
// memory as a whole: a block holds all samples of a few consecutive examples. The file appears
// under its name only when finished, see atomic_file.h. Errors: Error(io) for the disk,
// Error(internal) for a block that does not fit the shape. Not thread-safe.

#include <cstddef>
#include <span>
#include <string>

#include "bnn/files/atomic_file.h"

namespace bnn {

class NpyWriter {
 public:
  /// Begins a temporary file beside `path`.
  NpyWriter(const std::string& path, std::size_t samples, std::size_t examples,
            std::size_t classes);

  /// Writes examples [first_example, first_example + examples) of every sample.
  /// @param values [samples][examples][classes]
  void write_block(std::size_t first_example, std::size_t examples, std::span<const float> values);

  /// Puts the file in place; every example must have been written, each once. Without this call
  /// the destructor leaves nothing behind.
  void finish();

 private:
  std::string path_;
  std::size_t samples_;
  std::size_t examples_;
  std::size_t classes_;
  std::size_t written_ = 0;  // examples
  std::size_t data_offset_ = 0;
  AtomicFile file_;
};

/// The same for a table (N, K) whose number of rows is known only at the end.
class NpyTable {
 public:
  NpyTable(const std::string& path, std::size_t columns);

  void write_row(std::span<const float> values);
  /// Writes the header and puts the file in place.
  void finish();

 private:
  std::string path_;
  std::size_t columns_;
  std::size_t rows_ = 0;
  AtomicFile file_;
};

}  // namespace bnn
