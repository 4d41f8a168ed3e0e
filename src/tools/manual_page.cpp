#include "manual_page.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>

namespace bnn {
namespace {

// A hyphen would be typeset as one, and a line must not begin with a control character.
std::string roff(const std::string& text) {
  std::string escaped = text.starts_with('.') || text.starts_with('\'') ? "\\&" : "";
  for (const char c : text) {
    if (c == '-') {
      escaped += "\\-";
    } else if (c == '\\') {
      escaped += "\\e";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string bold(const std::string& text) { return "\\fB" + roff(text) + "\\fR"; }
std::string italic(const std::string& text) { return "\\fI" + roff(text) + "\\fR"; }

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

// Without a date, so that the same source gives the same bytes.
std::string title_line(std::string program, const std::string& version) {
  for (char& c : program) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return fmt::format(".TH {} 1 \"\" \"{}\" \"User commands\"\n", roff(program), version);
}

// "trains a network" of "Trains a network: how. More."
std::string summary_of(const std::string& description) {
  std::string summary = one_line(description);
  summary = summary.substr(0, std::min(summary.find(". "), summary.find(": ")));
  if (summary.ends_with('.')) summary.pop_back();
  summary.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(summary.front())));
  return summary;
}

std::string value_of_option(const OptionEntry& entry) {
  if (entry.kind == WordKind::none) return "";
  const bool shows_list = entry.value.find("...") != std::string::npos;
  return " " + italic(entry.value) + (entry.takes_list && !shows_list ? " ..." : "");
}

std::string synopsis_of(const OptionList& list) {
  std::string line = bold(list.program);
  for (const OptionEntry& entry : list.arguments) {
    const std::string word = italic(entry.value) + (entry.takes_list ? " ..." : "");
    line += entry.is_required ? " " + word : " [" + word + "]";
  }
  return line + " [" + italic("OPTION") + " ...]\n";
}

std::string options_of(const OptionList& list) {
  std::string text, group;
  for (const OptionEntry& entry : list.options) {
    if (entry.group != group) text += ".SS " + roff(entry.group) + "\n";
    group = entry.group;
    std::string names;
    for (const std::string& name : entry.names) names += (names.empty() ? "" : ", ") + bold(name);
    text += fmt::format(".TP\n{}{}\n{}\n", names, value_of_option(entry), roff(entry.text));
  }
  return text;
}

constexpr auto kExitStatus = R"(.SH EXIT STATUS
.TP
0
done
.TP
2
usage: the command line
.TP
3
config
.TP
4
data: a data set or an image
.TP
5
checkpoint: unusable or incompatible
.TP
6
input or output: space, permission
.TP
7
numerical: a number that is not finite
.TP
8
the run folder is in use by another process
.TP
70
internal error, a processor without the instructions that the program was compiled for, or a
process of bnn-train-mpi that gives no sign
.TP
129, 130, 138, 143
stopped by SIGHUP, SIGINT, SIGUSR1, SIGTERM
.TP
141
the reader of standard output has gone
)";

}  // namespace

std::string manual_page(const OptionList& list, const std::string& version) {
  std::string page = title_line(list.program, version);
  page +=
      fmt::format(".SH NAME\n{} \\- {}\n", roff(list.program), roff(summary_of(list.description)));
  page += ".SH SYNOPSIS\n" + synopsis_of(list);
  page += ".SH DESCRIPTION\n" + roff(one_line(list.description)) + "\n";
  for (const OptionEntry& entry : list.arguments) {
    page += fmt::format(".TP\n{}\n{}\n", italic(entry.value), roff(entry.text));
  }
  page += ".SH OPTIONS\n" + options_of(list) + kExitStatus;
  page += ".SH EXAMPLES\n.nf\n";
  for (const std::string& example : list.examples) page += roff(example) + "\n";
  return page + ".fi\n.SH SEE ALSO\n.BR bnn (1)\n";
}

std::string overview_page(std::span<const Command> commands, const std::string& version) {
  std::string page = title_line("bnn", version);
  page += ".SH NAME\nbnn \\- Bayesian neural networks for images\n";
  page += ".SH SYNOPSIS\n" + bold("bnn") + " " + italic("COMMAND") + " [" + italic("OPTION") +
          " ...]\n.PP\n" + bold("bnn") + " " + bold("--help") + " | " + bold("--version") + "\n";
  page +=
      ".SH DESCRIPTION\nTrains Bayesian neural networks on images, evaluates them, and predicts "
      "with uncertainty.\nEach command is a program as well:\n" +
      bold("bnn train") + " is the same as " + bold("bnn-train") + ".\n.SH COMMANDS\n";
  std::string others;
  for (const Command& command : commands) {
    page += fmt::format(".TP\n{}\n{}\n", bold(std::string(command.name)),
                        roff(std::string(command.purpose)));
    others += fmt::format("{}.BR bnn\\-{} (1)", others.empty() ? "" : ",\n", command.name);
  }
  return page + kExitStatus + ".SH SEE ALSO\n" + others + "\n";
}

}  // namespace bnn
