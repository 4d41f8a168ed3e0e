#include <fmt/format.h>

#include "completion.h"

namespace bnn {
namespace {

std::string fish_begin(std::span<const Command>) {
  return "# Completion for fish, written by: bnn --print-completion fish\n";
}

// Text between single quotes.
std::string fish_text(const std::string& text) {
  std::string quoted;
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted;
}

// -r: a value follows; -f: no files; -x: both.
std::string fish_value(const OptionEntry& entry) {
  switch (entry.kind) {
    case WordKind::none:
      return "";
    case WordKind::file:
      return " -r -F";
    case WordKind::folder:
      return " -x -a '(__fish_complete_directories)'";
    case WordKind::choice:
      return fmt::format(" -x -a '{}'", fmt::join(entry.choices, " "));
    case WordKind::other:
      break;
  }
  return " -x";
}

// The lines of a command that is called in one way: "-c bnn-train", or "-c bnn -n …".
std::string fish_lines(const OptionList& list, const std::string& called) {
  std::string lines;
  if (list.arguments.empty()) lines += fmt::format("complete {} -f\n", called);
  for (const OptionEntry& argument : list.arguments) {
    if (argument.kind != WordKind::folder) continue;
    lines += fmt::format("complete {} -f -a '(__fish_complete_directories)'\n", called);
  }
  for (const OptionEntry& entry : list.options) {
    std::string names;
    for (const std::string& name : entry.names) {
      names += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    lines += fmt::format("complete {}{}{} -d '{}'\n", called, names, fish_value(entry),
                         fish_text(entry.text));
  }
  return lines;
}

std::string fish_part(const OptionList& list) {
  const std::string command = list.program.substr(list.program.find('-') + 1);
  return "\n" + fish_lines(list, "-c " + list.program) + "\n" +
         fish_lines(list, "-c bnn -n '__fish_seen_subcommand_from " + command + "'");
}

std::string fish_end(std::span<const Command> commands) {
  std::string lines;
  for (const Command& command : commands) {
    lines += fmt::format("complete -c bnn -n __fish_use_subcommand -f -a {} -d '{}'\n",
                         command.name, fish_text(std::string(command.purpose)));
  }
  return "\n" + lines +
         "complete -c bnn -n __fish_use_subcommand -l help -d 'Lists the commands'\n"
         "complete -c bnn -n __fish_use_subcommand -l version -d 'Version and compiler'\n";
}

}  // namespace

CompletionWriter fish_completion() { return {fish_begin, fish_part, fish_end}; }

}  // namespace bnn
