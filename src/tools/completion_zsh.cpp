#include <fmt/format.h>

#include "completion.h"

namespace bnn {
namespace {

std::string zsh_begin(std::span<const Command> commands) {
  std::string programs;
  for (const Command& command : commands) programs += fmt::format(" bnn-{}", command.name);
  return "#compdef bnn" + programs +
         "\n# Completion for zsh, written by: bnn --print-completion zsh\n";
}

// Text between single quotes and brackets of a specification of _arguments.
std::string zsh_text(const std::string& text) {
  std::string quoted;
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      if (c == '[' || c == ']' || c == '\\' || c == ':') quoted += '\\';
      quoted += c;
    }
  }
  return quoted;
}

// ":what it is:how it is completed"
std::string zsh_value(const OptionEntry& entry) {
  std::string action = " ";
  if (entry.kind == WordKind::file) action = "_files";
  if (entry.kind == WordKind::folder) action = "_files -/";
  if (entry.kind == WordKind::choice) action = fmt::format("({})", fmt::join(entry.choices, " "));
  return fmt::format(":{}:{}", zsh_text(entry.value), action);
}

std::string zsh_option(const OptionEntry& entry, const std::string& name) {
  const bool is_flag = entry.kind == WordKind::none;
  // A list goes on up to the next option; "name=" takes its value in the same word as well.
  const std::string value = is_flag ? "" : (entry.takes_list ? ":*-*" : "") + zsh_value(entry);
  const bool takes_one = !is_flag && !entry.takes_list;
  return fmt::format(" \\\n    '{}{}{}[{}]{}'", entry.can_repeat && takes_one ? "*" : "", name,
                     takes_one ? "=" : "", zsh_text(entry.text), value);
}

std::string zsh_part(const OptionList& list) {
  std::string specifications;
  for (const OptionEntry& entry : list.options) {
    for (const std::string& name : entry.names) specifications += zsh_option(entry, name);
  }
  for (const OptionEntry& entry : list.arguments) {
    specifications += fmt::format(" \\\n    '{}{}'", entry.takes_list ? "*" : "", zsh_value(entry));
  }
  return fmt::format("\n_{}() {{\n  _arguments{}\n}}\n", function_name(list.program),
                     specifications);
}

std::string zsh_end(std::span<const Command> commands) {
  std::string names;
  for (const Command& command : commands) {
    names += fmt::format("\n      '{}:{}'", command.name, zsh_text(std::string(command.purpose)));
  }
  return fmt::format(R"(
_bnn_by_command() {{
  local state
  local -a commands
  _arguments '--help[lists the commands]' '--version[version and compiler]' \
    '1: :->command' '*:: :->words'
  case $state in
    command)
      commands=({}
      )
      _describe command commands
      ;;
    words) (( $+functions[_bnn_$words[1]] )) && _bnn_$words[1] ;;
  esac
}}

# Loading this file redefines the function that zsh calls for all programs.
_bnn() {{
  if [[ $service == bnn ]]; then _bnn_by_command; else _${{service//-/_}}; fi
}}
_bnn
)",
                     names);
}

}  // namespace

CompletionWriter zsh_completion() { return {zsh_begin, zsh_part, zsh_end}; }

}  // namespace bnn
