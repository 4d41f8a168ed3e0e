// One program under several names: called as bnn-train it trains, and so does `bnn train`.

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <string_view>

#include "bnn/core/error.h"
#include "bnn/process/blas_kernel.h"
#include "bnn/process/main_guard.h"
#include "bnn/process/version.h"
#include "commands.h"
#include "printed_texts.h"

namespace {

using bnn::Command;

constexpr std::array<Command, 5> kCommands = {{
    {"train", bnn::train_command, "trains a network from a config"},
    {"eval", bnn::eval_command, "evaluates a checkpoint on labelled images"},
    {"predict", bnn::predict_command, "predicts the class of images, with uncertainty"},
    {"compare", bnn::compare_command, "shows runs beside each other"},
    {"export", bnn::export_command, "writes a network as a file for other programs"},
}};

const Command* find(std::string_view name) {
  const auto* found = std::find_if(kCommands.begin(), kCommands.end(),
                                   [&](const Command& command) { return command.name == name; });
  return found == kCommands.end() ? nullptr : found;
}

// "train" of ".../bnn-train"; "" if the program is not called by the name of a command.
std::string_view name_called(std::string_view path) {
  path.remove_prefix(std::min(path.rfind('/') + 1, path.size()));
  return path.starts_with("bnn-") ? path.substr(4) : "";
}

// "train, eval or predict"
std::string command_names() {
  std::string names;
  for (const Command& command : kCommands) {
    const bool is_last = &command == &kCommands.back();
    names += (names.empty() ? "" : is_last ? " or " : ", ") + std::string(command.name);
  }
  return names;
}

std::string help() {
  std::string text = "Bayesian neural networks for images.\n\nbnn COMMAND [OPTION ...]\n";
  for (const Command& command : kCommands) {
    std::string line = "  " + std::string(command.name);
    line.resize(12, ' ');
    text += line + std::string(command.purpose) + "\n";
  }
  return text + "\nbnn COMMAND --help lists the options; bnn-COMMAND is the same as bnn COMMAND.\n";
}

int run_without_command(std::string_view word, std::string_view next) {
  return bnn::guarded_main("bnn", [&] {
    if (bnn::print_text(word, next, kCommands)) return 0;
    if (word != "--help" && word != "-h" && word != "--version") {
      const std::string found =
          word.empty() ? "no command" : "unknown command \"" + std::string(word) + "\"";
      throw bnn::Error(bnn::ErrorKind::usage, found + "; expected " + command_names());
    }
    const std::string text = word == "--version" ? bnn::version_text("bnn") + "\n" : help();
    std::fputs(text.c_str(), stdout);
    return 0;
  });
}

}  // namespace

int main(int argc, char** argv) {
  bnn::choose_blas_kernel();
  const std::string_view called = argc > 0 ? argv[0] : "";
  if (const Command* command = find(name_called(called))) return command->run(argc, argv);
  const std::string_view word = argc > 1 ? argv[1] : "";
  if (const Command* command = find(word)) return command->run(argc - 1, argv + 1);
  return run_without_command(word, argc > 2 ? argv[2] : "");
}
