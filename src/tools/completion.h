#pragma once
// Completions of command lines by the Tab key, generated from the options themselves.
//
// A script has a beginning, a part for each command, and an end that joins them for `bnn COMMAND`.

#include <span>
#include <string>

#include "bnn/core/enum_names.h"
#include "commands.h"
#include "option_list.h"

namespace bnn {

enum class Shell { bash, zsh, fish };

constexpr EnumNames<Shell, 3> kShellNames = {
    {{Shell::bash, "bash"}, {Shell::zsh, "zsh"}, {Shell::fish, "fish"}}};

/// The text of a script for one shell, piece by piece.
struct CompletionWriter {
  std::string (*begin)(std::span<const Command> commands);
  std::string (*part)(const OptionList& list);
  std::string (*end)(std::span<const Command> commands);
};

CompletionWriter bash_completion();
CompletionWriter zsh_completion();
CompletionWriter fish_completion();

CompletionWriter completion_writer(Shell shell);

}  // namespace bnn
