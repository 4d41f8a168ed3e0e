#pragma once
// The commands of the program. Each takes its own words, the first of which is its name, and
// returns the exit code.

namespace bnn {

int train_command(int argc, char** argv);
int eval_command(int argc, char** argv);
int predict_command(int argc, char** argv);
int compare_command(int argc, char** argv);
int export_command(int argc, char** argv);

}  // namespace bnn
