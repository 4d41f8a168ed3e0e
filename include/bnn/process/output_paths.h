#pragma once
// Names of files on the command line. A typo must not cost a checkpoint: an output is refused if it
// is an input or another output. The output "-" is standard output, where an option writes text
// that may go there.

#include <string>
#include <vector>

namespace bnn {

/// An option and the file that it names; an empty path is an option that was not given.
struct OutputPath {
  std::string option, path;
  bool may_be_standard_output = false;
};

/// True of no path and of "-".
bool is_standard_output(const std::string& path);

/// Throws Error(usage) if "-", which is standard input, stands there twice.
void check_standard_input(const std::vector<std::string>& inputs);

/// Throws Error(usage), naming the option, if an output is an input or another output, or "-" where
/// that cannot be standard output.
void check_outputs(const std::vector<OutputPath>& outputs, const std::vector<std::string>& inputs);

}  // namespace bnn
