#pragma once
// What --version prints: program, compiler, OpenBLAS build and the kernel it chose for this CPU.

#include <string>

namespace bnn {

std::string version_text(const std::string& program);

}  // namespace bnn
