#pragma once
// Valid files of every format, from which the corpora begin.

#include <functional>
#include <string>
#include <vector>

#include "support/data_files.h"

namespace bnn::fuzzing {

/// Takes an input for a target.
using AddSeed = std::function<void(const std::string& target, const testing::Bytes& input)>;

void add_text_seeds(const AddSeed& add);
void add_data_seeds(const AddSeed& add);
void add_image_seeds(const AddSeed& add);
void add_tensor_seeds(const AddSeed& add);

/// Configs of networks of all kinds of layers.
std::vector<std::string> config_seeds();

inline testing::Bytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

}  // namespace bnn::fuzzing
