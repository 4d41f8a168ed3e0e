#pragma once
// The safetensors file format, restricted to float32 tensors; of other programs, any numbers are
// read.
//
//     u64 little-endian N | N bytes of JSON | tensor bytes, little-endian, C order
//     {"__metadata__": {"key": "text"}, "name": {"dtype": "F32", "shape": [2, 3],
//      "data_offsets": [begin, end]}, ...}          offsets count from the end of the header
//
// The writer sorts tensors by name and pads the header with spaces so that the data begins at a
// multiple of 8 bytes. The reader trusts no number in the file: the tensors must tile the data
// without hole, overlap or trailing byte, and nothing is allocated that the size of the file does
// not cover. Memory while reading: the tensors plus the header. It is stricter than the format:
// the header has at most 16 MiB, names are printable and at most 256 bytes, and there are limits
// on the number of tensors, metadata entries and dimensions.
//
// What is wrong with a file is Error(checkpoint), what is wrong with the disk while writing is
// Error(io). All functions are thread-safe.

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "bnn/core/input_file.h"
#include "bnn/files/safetensors_header.h"

namespace bnn {

inline constexpr std::size_t kMaxSafetensorsHeader = std::size_t{16} << 20;
inline constexpr std::size_t kMaxSafetensorsTensors = 65536;
inline constexpr std::size_t kMaxSafetensorsMetadata = 1024;
inline constexpr std::size_t kMaxTensorRank = 32;
inline constexpr std::size_t kMaxTensorName = 256;

/// A tensor to be written; the values stay where they are.
struct TensorView {
  std::string name;
  std::vector<std::int64_t> shape;
  std::span<const float> values;
};

/// A tensor as read. values.size() is the product of the shape.
struct Tensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

struct SafetensorsFile {
  std::map<std::string, std::string> metadata;
  std::vector<Tensor> tensors;  // sorted by name
  /// Tensors without values here, since their numbers are no floating-point ones: counters.
  std::vector<std::string> without_values = {};
};

/// Replaces the file atomically (see atomic_file.h). What the reader would refuse for its size is
/// Error(checkpoint); names or values that make no sense are Error(internal).
void write_safetensors(const std::string& path, const std::map<std::string, std::string>& metadata,
                       std::span<const TensorView> tensors);

SafetensorsFile read_safetensors(const std::string& path);
/// The same of an open file.
/// @param numbers any: float16, bfloat16 and float64 become float32
SafetensorsFile read_safetensors(InputFile& file, TensorNumbers numbers = TensorNumbers::float32);

/// The metadata alone, of a file with any numbers.
std::map<std::string, std::string> read_safetensors_metadata(const std::string& path);

/// True if a tensor may have this name: 1 to 256 bytes, no control character, not "__metadata__".
bool is_tensor_name(const std::string& name);

}  // namespace bnn
