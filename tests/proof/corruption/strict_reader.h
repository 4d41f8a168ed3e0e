#pragma once
// The rules of the format, as include/bnn/files/safetensors.h and checkpoint_file.h state them, in
// a reader of this proof: what the product takes must keep them.

#include <string>

namespace bnn::proof {

/// The first rule that a file does not keep, or "".
std::string broken_rule(const std::string& bytes);

}  // namespace bnn::proof
