#include <fmt/format.h>

#include "completion.h"

namespace bnn {
namespace {

constexpr auto kBashBegin =
    R"(# Completion for bash, written by: bnn --print-completion bash

# Sets word, which is to be completed, and option, whose value it is, or "".
# $1: the options that take several words.
_bnn_read_line() {
  local at=$((COMP_CWORD - 1))
  word=${COMP_WORDS[COMP_CWORD]} option=
  if [[ $word == = ]]; then
    word=  # the cursor is behind "--option="
  elif [[ ${COMP_WORDS[at]} == = ]]; then
    at=$((at - 1))
  elif [[ $word == -* ]]; then
    return
  fi
  option=${COMP_WORDS[at]}
  while ((at > 0)) && [[ ${COMP_WORDS[at]} != -* ]]; do at=$((at - 1)); done
  if [[ " $1 " == *" ${COMP_WORDS[at]} "* ]]; then option=${COMP_WORDS[at]}; fi
}

_bnn_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$word"); }
_bnn_files() { compopt -o default; }
_bnn_folders() { compopt -o dirnames; }
)";

std::string bash_begin(std::span<const Command>) { return kBashBegin; }

std::string bash_action(WordKind kind, const std::vector<std::string>& choices) {
  if (kind == WordKind::file) return "_bnn_files";
  if (kind == WordKind::folder) return "_bnn_folders";
  if (kind == WordKind::choice) return fmt::format("_bnn_words '{}'", fmt::join(choices, " "));
  return ":";
}

// What stands where no value of an option is expected: an option, or an argument.
std::string bash_otherwise(const OptionList& list, const std::string& names) {
  const std::string options = fmt::format("_bnn_words '{}'", names);
  if (list.arguments.empty()) return options;
  const OptionEntry& argument = list.arguments.back();
  return fmt::format("if [[ $word == -* ]]; then {}; else {}; fi", options,
                     bash_action(argument.kind, argument.choices));
}

std::string bash_part(const OptionList& list) {
  std::string cases, names, lists;
  for (const OptionEntry& entry : list.options) {
    for (const std::string& name : entry.names) names += (names.empty() ? "" : " ") + name;
    if (entry.kind == WordKind::none) continue;
    if (entry.takes_list) lists += (lists.empty() ? "" : " ") + entry.names.front();
    cases += fmt::format("    {}) {} ;;\n", fmt::join(entry.names, "|"),
                         bash_action(entry.kind, entry.choices));
  }
  return fmt::format(
      "\n_{0}() {{\n  local word option\n  _bnn_read_line '{1}'\n  case $option in\n{2}"
      "    *) {3} ;;\n  esac\n}}\ncomplete -F _{0} {4}\n",
      function_name(list.program), lists, cases, bash_otherwise(list, names), list.program);
}

std::string bash_end(std::span<const Command> commands) {
  std::string names, cases;
  for (const Command& command : commands) {
    names += std::string(command.name) + " ";
    cases += fmt::format("    {0}) _bnn_{0} ;;\n", command.name);
  }
  return fmt::format(
      "\n_bnn() {{\n  local word=${{COMP_WORDS[COMP_CWORD]}}\n"
      "  if ((COMP_CWORD == 1)); then\n    _bnn_words '{}--help --version'\n    return\n  fi\n"
      "  case ${{COMP_WORDS[1]}} in\n{}  esac\n}}\ncomplete -F _bnn bnn\n",
      names, cases);
}

}  // namespace

CompletionWriter bash_completion() { return {bash_begin, bash_part, bash_end}; }

}  // namespace bnn
