#pragma once
// Reads the NPY files of --save-samples and --format npy: float32 of shape (S, N, K), or (N, K) as
// S = 1, little-endian, C order, as numpy/lib/format.py describes them. Throws std::runtime_error
// on anything else.

#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

namespace bnn::testing {

struct NpyArray {
  std::size_t samples = 0, examples = 0, classes = 0;
  std::vector<float> values;

  double at(std::size_t sample, std::size_t example, std::size_t k) const {
    return static_cast<double>(values.at((sample * examples + example) * classes + k));
  }
  /// The mean over the samples.
  double mean(std::size_t example, std::size_t k) const {
    double sum = 0;
    for (std::size_t s = 0; s < samples; ++s) sum += at(s, example, k);
    return sum / static_cast<double>(samples);
  }
};

inline NpyArray parse_npy(const std::string& bytes) {
  constexpr std::size_t kPrefix = 10;
  if (bytes.size() < kPrefix || bytes.compare(0, 8, std::string("\x93NUMPY\x01\x00", 8)) != 0) {
    throw std::runtime_error("not an NPY 1.0 file");
  }
  const std::size_t header_bytes =
      static_cast<unsigned char>(bytes[8]) + 256u * static_cast<unsigned char>(bytes[9]);
  const std::string header = bytes.substr(kPrefix, header_bytes);
  if (header.find("'<f4'") == std::string::npos || header.find("False") == std::string::npos) {
    throw std::runtime_error("not float32 in C order: " + header);
  }
  NpyArray array;
  const std::size_t shape = header.find("'shape': (");
  const int sizes = shape == std::string::npos
                        ? 0
                        : std::sscanf(header.c_str() + shape, "'shape': (%zu, %zu, %zu)",
                                      &array.samples, &array.examples, &array.classes);
  if (sizes == 2) {
    array.classes = array.examples;
    array.examples = array.samples;
    array.samples = 1;
  } else if (sizes != 3) {
    throw std::runtime_error("not of two or three dimensions: " + header);
  }
  array.values.resize(array.samples * array.examples * array.classes);
  if (bytes.size() != kPrefix + header_bytes + array.values.size() * sizeof(float)) {
    throw std::runtime_error("wrong size for its shape: " + header);
  }
  std::memcpy(array.values.data(), bytes.data() + kPrefix + header_bytes,
              array.values.size() * sizeof(float));
  return array;
}

}  // namespace bnn::testing
