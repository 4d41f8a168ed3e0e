#pragma once
// The names of classes that a config gives, as a list or in a text file.

#include <cstddef>
#include <string>
#include <vector>

#include "bnn/data/data_config.h"

namespace bnn {

/// The configured class names, from the list or the text file (one name a line); empty if none are
/// configured. Their number must be `classes`, and they must be UTF-8, since they are written into
/// JSON. Throws Error(config) for the list and Error(data) for the file, which it names.
std::vector<std::string> load_class_names(const DataConfig& config, const std::string& directory,
                                          int classes);

/// The names in the file that the authors of CIFAR-10 and CIFAR-100 put beside their data, if it is
/// there and fits; else none.
std::vector<std::string> find_class_names(const DataConfig& config, const std::string& directory,
                                          int classes);

/// The name of a class where names are known, its index where not.
std::string class_text(const std::vector<std::string>& class_names, std::size_t index);

}  // namespace bnn
