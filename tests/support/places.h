#pragma once
// Where the project lies that is tested, and where it was built.

#include <string>

namespace bnn::testing {

std::string source_directory();
std::string binary_directory();

}  // namespace bnn::testing
