#pragma once
// The commands of the program. Each takes its own words, the first of which is its name, and
// returns the exit code.

#include <string_view>

namespace bnn {

/// A command: `bnn NAME` and the program bnn-NAME do the same.
struct Command {
  std::string_view name;
  int (*run)(int argc, char** argv);
  std::string_view purpose;
};

int train_command(int argc, char** argv);
int eval_command(int argc, char** argv);
int predict_command(int argc, char** argv);
int compare_command(int argc, char** argv);
int export_command(int argc, char** argv);

}  // namespace bnn
