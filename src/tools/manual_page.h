#pragma once
// Manual pages in the macros of man(7), generated from the options themselves.

#include <span>
#include <string>

#include "commands.h"
#include "option_list.h"

namespace bnn {

/// The page bnn-COMMAND(1).
/// @param version "bnn 1.2.3"
std::string manual_page(const OptionList& list, const std::string& version);

/// The page bnn(1), which lists the commands.
std::string overview_page(std::span<const Command> commands, const std::string& version);

}  // namespace bnn
