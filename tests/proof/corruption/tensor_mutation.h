#pragma once
// Changes of a safetensors file that a reader behind the digest may not have thought of.

#include <string>

#include "random.h"
#include "tensor_file.h"

namespace bnn::proof {

/// Changes offsets, a shape, a dtype, a name, values, or which tensors there are. Some of the
/// changes leave a file that tiles its data, so that it gets as far as the network.
void mutate_tensors(TensorFile& file, Random& random);

/// Changes the length of the header, a few of its bytes, or what stands before and behind it.
void mutate_bytes(std::string& bytes, Random& random);

}  // namespace bnn::proof
