#pragma once
// A slip of the pen must not cost a checkpoint: what a program writes is none of the files that it
// reads, and no two of its outputs are one file.

#include <string>
#include <vector>

namespace bnn {

/// An option and the file that it names; an empty path is an option that was not given.
struct OutputPath {
  std::string option, path;
};

/// Throws Error(usage), naming the option, if an output is an input or another output, by whatever
/// name or link.
void check_outputs(const std::vector<OutputPath>& outputs, const std::vector<std::string>& inputs);

}  // namespace bnn
