#pragma once
// The options of a program as plain values, for what is generated from them: completions of shells
// and manual pages. Hidden options are left out.

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace bnn {

/// What follows an option, or stands for an argument.
enum class WordKind {
  none,    // nothing: a flag
  file,    // FILE, CHECKPOINT, PATH and INPUT
  folder,  // DIR and RUN
  choice,  // one of a set
  other,   // a number, a key
};

struct OptionEntry {
  std::vector<std::string> names;  // "--help", "-h"; an argument has none
  std::string value;               // what help calls it: "FILE"
  std::string text;                // the sentence of --help
  std::string group;               // the heading that it stands under
  WordKind kind = WordKind::none;
  std::vector<std::string> choices;  // of WordKind::choice
  bool takes_list = false;           // the words that follow, up to the next option
  bool can_repeat = false;
  bool is_required = false;
};

struct OptionList {
  std::string program;      // "bnn-train"
  std::string description;  // sentences of --help, with line feeds
  std::vector<std::string> examples;
  std::vector<OptionEntry> arguments;
  std::vector<OptionEntry> options;
};

OptionList option_list_of(const CLI::App& app);

/// "bnn_train" of "bnn-train", for the names of functions in shells.
std::string function_name(const std::string& program);

}  // namespace bnn
