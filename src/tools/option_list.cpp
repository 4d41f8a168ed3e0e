#include "option_list.h"

#include <algorithm>
#include <sstream>

namespace bnn {
namespace {

// The set that CLI::IsMember describes as "{a,b,c}", which is a part of the name of the type.
std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t open = type.find('{'), close = type.find('}');
  if (open == std::string::npos || close == std::string::npos) return {};
  std::vector<std::string> choices;
  std::istringstream words(type.substr(open + 1, close - open - 1));
  for (std::string word; std::getline(words >> std::ws, word, ',');) choices.push_back(word);
  return choices;
}

WordKind kind_of(const std::string& value, bool has_choices) {
  const auto is_one_of = [&](std::initializer_list<const char*> words) {
    return std::any_of(words.begin(), words.end(),
                       [&](const char* word) { return value.starts_with(word); });
  };
  if (has_choices) return WordKind::choice;
  if (is_one_of({"FILE", "CHECKPOINT", "PATH", "INPUT"})) return WordKind::file;
  return is_one_of({"DIR", "RUN"}) ? WordKind::folder : WordKind::other;
}

OptionEntry entry_of(const CLI::Option& option) {
  OptionEntry entry;
  const bool is_argument = option.get_positional();
  for (const std::string& name : option.get_lnames()) entry.names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) entry.names.push_back("-" + name);
  entry.value = is_argument ? option.get_name(true) : option.get_option_text();
  entry.text = option.get_description();
  entry.group = option.get_group();
  entry.is_required = option.get_required();
  if (option.get_items_expected_max() == 0) return entry;
  entry.choices = choices_of(option);
  entry.kind = kind_of(entry.value, !entry.choices.empty());
  entry.can_repeat = option.get_items_expected_max() > 1;
  entry.takes_list = entry.can_repeat && (is_argument || option.get_allow_extra_args());
  return entry;
}

// The lines of the footer that are indented.
std::vector<std::string> examples_of(const std::string& footer) {
  std::vector<std::string> examples;
  std::istringstream lines(footer);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("  ")) examples.push_back(line.substr(2));
  }
  return examples;
}

}  // namespace

OptionList option_list_of(const CLI::App& app) {
  OptionList list;
  list.program = app.get_name();
  list.description = app.get_description();
  list.examples = examples_of(app.get_footer());
  for (const std::string& group : app.get_groups()) {
    for (const CLI::Option* option : app.get_options()) {
      if (group.empty() || option->get_group() != group) continue;
      (option->get_positional() ? list.arguments : list.options).push_back(entry_of(*option));
    }
  }
  return list;
}

std::string function_name(const std::string& program) {
  std::string name = program;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

}  // namespace bnn
