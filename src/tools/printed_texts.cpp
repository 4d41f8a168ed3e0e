#include "printed_texts.h"

#include <cstdio>
#include <fmt/format.h>
#include <string>

#include "bnn/core/error.h"
#include "bnn/process/version.h"
#include "completion.h"
#include "manual_page.h"

namespace bnn {
namespace {

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

// "bnn 1.2.3"
std::string version_line() {
  const std::string text = version_text("bnn");
  return text.substr(0, text.find('\n'));
}

// The part of one command, which knows its own options.
void print_part(const Command& command, std::string shell) {
  std::string program = fmt::format("bnn-{}", command.name), option = "--print-completion";
  char* words[] = {program.data(), option.data(), shell.data(), nullptr};
  command.run(3, words);
}

void print_completion(std::string_view shell, std::span<const Command> commands) {
  const auto kind = value_of(kShellNames, shell);
  if (!kind) {
    throw Error(ErrorKind::usage, fmt::format("--print-completion: unknown shell \"{}\"; expected "
                                              "bash, zsh or fish",
                                              shell));
  }
  const CompletionWriter writer = completion_writer(*kind);
  print(writer.begin(commands));
  for (const Command& command : commands) print_part(command, std::string(shell));
  print(writer.end(commands));
}

}  // namespace

void add_printed_texts(CLI::App& app) {
  app.option_defaults()->group("");
  app.add_option_function<std::string>(
         "--print-completion",
         [&app](const std::string& shell) {
           print(completion_writer(*value_of(kShellNames, shell)).part(option_list_of(app)));
           throw CLI::Success();
         },
         "Print how a shell completes the options, and exit")
      ->check(CLI::IsMember(list_of(kShellNames)));
  app.add_flag_callback(
      "--print-manual",
      [&app] {
        print(manual_page(option_list_of(app), version_line()));
        throw CLI::Success();
      },
      "Print the manual page, and exit");
}

bool print_text(std::string_view word, std::string_view shell, std::span<const Command> commands) {
  if (word == "--print-completion") {
    print_completion(shell, commands);
  } else if (word == "--print-manual") {
    print(overview_page(commands, version_line()));
  } else {
    return false;
  }
  return true;
}

}  // namespace bnn
