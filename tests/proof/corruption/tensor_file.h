#pragma once
// A safetensors file in pieces that can be changed one by one, and given a right digest again.

#include <string>
#include <string_view>

#include "json_tree.h"

namespace bnn::proof {

struct TensorFile {
  JsonNode header;
  std::string data;
};

/// @param bytes of a good file
TensorFile parse_tensor_file(std::string_view bytes);
std::string bytes_of(const TensorFile& file);

/// The file with the digest of what it says, computed here as files/checkpoint_file.h describes it.
/// A file that cannot be read, or that names no digest, stays as it is.
std::string sealed(std::string bytes);

std::string read_bytes(const std::string& path);
void write_bytes(const std::string& path, std::string_view bytes);

}  // namespace bnn::proof
