#pragma once
// What the programs print about themselves for a package: completions of shells, manual pages.

#include <span>
#include <string_view>

#include <CLI/CLI.hpp>

#include "commands.h"

namespace bnn {

/// Adds --print-completion SHELL and --print-manual, which help does not show. Call it after all
/// other options were added.
void add_printed_texts(CLI::App& app);

/// Does the same for `bnn` itself: the completion of all commands, and their overview.
/// @return false if `word` is neither option
bool print_text(std::string_view word, std::string_view shell, std::span<const Command> commands);

}  // namespace bnn
