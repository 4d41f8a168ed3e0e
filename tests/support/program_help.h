#pragma once
// What the programs say about themselves in --help.

#include <regex>
#include <string>
#include <vector>

#include "support/run_program.h"
#include "support/text_lines.h"

namespace bnn::testing {

/// The first groups of this expression in the lines of `program --help`.
inline std::vector<std::string> found_in_help(const std::string& program,
                                              const std::string& expression) {
  const std::regex pattern(expression);
  std::vector<std::string> found;
  for (const std::string& line : lines_of(run_program(program, {"--help"}).out)) {
    std::smatch match;
    if (std::regex_search(line, match, pattern)) found.push_back(match[1]);
  }
  return found;
}

/// "train", "eval", …
inline std::vector<std::string> command_names() { return found_in_help("bnn", "^  ([a-z]+) "); }

/// The long options of a program: "--config", …
inline std::vector<std::string> option_names(const std::string& program) {
  return found_in_help(program, "^  (?:-[a-z],)?(--[a-z-]+)");
}

}  // namespace bnn::testing
