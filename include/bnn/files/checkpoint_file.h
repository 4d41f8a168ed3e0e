#pragma once
// A checkpoint: one safetensors file that is known to be ours and to be whole.
//
// `__metadata__` holds format = "bnn", format_version = "1", config (the resolved config, JSON),
// state (JSON), any further entries, and digest = "crc32:" and eight hexadecimal digits. The digest
// covers what the file says, not how the header spells it; in this order, all numbers being
// little-endian 64-bit integers:
//
//     number of tensors; for each, by name: length of the name, name, rank, dimensions,
//         length of the data in bytes, data
//     number of metadata entries without the digest; for each, by key: length, key, length, value
//
// Every single flipped bit and every missing byte of a file is refused, as are values that are not
// finite. Config and state are returned as text, neither parsed nor checked. The caller must know
// what the tensors mean. Thread-safe.

#include <map>
#include <span>
#include <string>
#include <vector>

#include "bnn/files/safetensors.h"

namespace bnn {

struct CheckpointContents {
  std::string config;
  std::string state;
  std::map<std::string, std::string> extra_metadata;
  std::vector<Tensor> tensors;  // sorted by name
  std::string digest = {};
};

/// Replaces the checkpoint atomically and durably; the tensors are not copied. Values that a reader
/// would refuse are Error(numerical), failures of the disk Error(io): the old file then stays.
/// @param extra_metadata may not hold a key named above.
void write_checkpoint_file(const std::string& path, const std::string& config_json,
                           const std::string& state_json,
                           std::map<std::string, std::string> extra_metadata,
                           std::span<const TensorView> tensors);

/// Throws Error(checkpoint) on anything wrong, a missing file included.
CheckpointContents read_checkpoint_file(const std::string& path);
CheckpointContents read_checkpoint_file(InputFile& file);

}  // namespace bnn
