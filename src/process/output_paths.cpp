#include "bnn/process/output_paths.h"

#include <algorithm>
#include <fmt/format.h>

#include "bnn/core/error.h"
#include "bnn/core/input_file.h"

namespace bnn {
namespace {

// An input of this name is standard input, so an output of this name is never taken for a file.
constexpr const char* kStandardStream = "-";

bool is_file(const std::string& path) { return !path.empty() && path != kStandardStream; }

}  // namespace

bool is_standard_output(const std::string& path) { return !is_file(path); }

void check_standard_input(const std::vector<std::string>& inputs) {
  if (std::count(inputs.begin(), inputs.end(), kStandardStream) < 2) return;
  throw Error(ErrorKind::usage, "- is given twice, but standard input can be read only once");
}

void check_outputs(const std::vector<OutputPath>& outputs, const std::vector<std::string>& inputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const OutputPath& output = outputs[i];
    if (output.path == kStandardStream && !output.may_be_standard_output) {
      throw Error(ErrorKind::usage,
                  fmt::format("{}: expected the name of a file, found -, and this cannot go to "
                              "standard output",
                              output.option));
    }
    if (!is_file(output.path)) continue;
    for (const std::string& input : inputs) {
      if (!is_file(input) || !is_same_file(output.path, input)) continue;
      throw Error(ErrorKind::usage,
                  fmt::format("{}: {} belongs to what this run reads and would be overwritten",
                              output.option, shown_path(output.path)));
    }
    for (std::size_t k = 0; k < i; ++k) {
      if (!is_file(outputs[k].path) || !is_same_file(output.path, outputs[k].path)) continue;
      throw Error(ErrorKind::usage, fmt::format("{} and {} name the same file, {}", output.option,
                                                outputs[k].option, shown_path(output.path)));
    }
  }
}

}  // namespace bnn
