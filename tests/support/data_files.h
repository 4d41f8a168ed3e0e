#pragma once
// Small data files for tests: CIFAR-10 batches and IDX pairs.
//
// Example i has label (i + pattern) % 10. Its image is noise of 0 … 63 with one bright horizontal
// band (128 added) whose position among ten is the label, so that a model can learn the labels.
// All bytes are a pure function of (pattern, example, position).

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>
#include <zlib.h>

namespace bnn::testing {

using Bytes = std::vector<std::uint8_t>;

constexpr int kPatternClasses = 10;

inline int pattern_label(int example, int pattern) { return (example + pattern) % kPatternClasses; }

/// The byte at one place of one image of `rows` rows.
inline std::uint8_t pattern_pixel(int example, int pattern, int rows, int row, int column,
                                  int channel) {
  std::uint64_t hash = static_cast<std::uint64_t>(example) * 0x9E3779B97F4A7C15u;
  for (const int part : {pattern, row, column, channel}) {
    hash = (hash ^ static_cast<std::uint64_t>(part)) * 0xBF58476D1CE4E5B9u;
    hash ^= hash >> 29;
  }
  const bool bright = row * kPatternClasses / rows == pattern_label(example, pattern);
  return static_cast<std::uint8_t>(hash % 64 + (bright ? 128 : 0));
}

inline void write_bytes(const std::string& path, const Bytes& bytes, bool gzip = false) {
  if (!gzip) {
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (!file) throw std::runtime_error("cannot write " + path);
    return;
  }
  gzFile file = gzopen(path.c_str(), "wb");
  if (file == nullptr) throw std::runtime_error("cannot write " + path);
  const bool whole =
      bytes.empty() || gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())) ==
                           static_cast<int>(bytes.size());
  if (gzclose(file) != Z_OK || !whole) throw std::runtime_error("cannot write " + path);
}

inline void write_text(const std::string& path, const std::string& text) {
  write_bytes(path, Bytes(text.begin(), text.end()));
}

/// Records of CIFAR-10: label, then the red, green and blue plane of 32 x 32 bytes.
inline Bytes cifar10_bytes(int examples, int pattern = 0) {
  Bytes bytes;
  for (int example = 0; example < examples; ++example) {
    bytes.push_back(static_cast<std::uint8_t>(pattern_label(example, pattern)));
    for (int channel = 0; channel < 3; ++channel) {
      for (int row = 0; row < 32; ++row) {
        for (int column = 0; column < 32; ++column) {
          bytes.push_back(pattern_pixel(example, pattern, 32, row, column, channel));
        }
      }
    }
  }
  return bytes;
}

inline void write_cifar10(const std::string& path, int examples, int pattern = 0) {
  write_bytes(path, cifar10_bytes(examples, pattern));
}

/// 00 00 <type> <dimensions>, then each size as four bytes, most significant first.
inline Bytes idx_header(const std::vector<std::uint32_t>& sizes, std::uint8_t type = 0x08) {
  Bytes bytes = {0, 0, type, static_cast<std::uint8_t>(sizes.size())};
  for (const std::uint32_t size : sizes) {
    for (const int shift : {24, 16, 8, 0})
      bytes.push_back(static_cast<std::uint8_t>(size >> shift));
  }
  return bytes;
}

/// With one channel the file has three dimensions, as MNIST's; otherwise four, channels last.
inline Bytes idx_image_bytes(int examples, int rows, int columns, int channels = 1,
                             int pattern = 0) {
  std::vector<std::uint32_t> sizes;
  for (const int size : {examples, rows, columns})
    sizes.push_back(static_cast<std::uint32_t>(size));
  if (channels > 1) sizes.push_back(static_cast<std::uint32_t>(channels));
  Bytes bytes = idx_header(sizes);
  for (int example = 0; example < examples; ++example) {
    for (int row = 0; row < rows; ++row) {
      for (int column = 0; column < columns; ++column) {
        for (int channel = 0; channel < channels; ++channel) {
          bytes.push_back(pattern_pixel(example, pattern, rows, row, column, channel));
        }
      }
    }
  }
  return bytes;
}

inline Bytes idx_label_bytes(int examples, int pattern = 0) {
  Bytes bytes = idx_header({static_cast<std::uint32_t>(examples)});
  for (int example = 0; example < examples; ++example) {
    bytes.push_back(static_cast<std::uint8_t>(pattern_label(example, pattern)));
  }
  return bytes;
}

inline void write_idx_images(const std::string& path, int examples, int rows, int columns,
                             int channels = 1, int pattern = 0, bool gzip = false) {
  write_bytes(path, idx_image_bytes(examples, rows, columns, channels, pattern), gzip);
}

inline void write_idx_labels(const std::string& path, int examples, int pattern = 0,
                             bool gzip = false) {
  write_bytes(path, idx_label_bytes(examples, pattern), gzip);
}

}  // namespace bnn::testing
