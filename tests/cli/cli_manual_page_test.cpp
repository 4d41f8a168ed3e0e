// Manual pages, as the programs write them.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>

#include <catch2/catch.hpp>

#include "support/places.h"
#include "support/program_help.h"
#include "support/run_program.h"
#include "support/temporary_directory.h"
#include "support/text_lines.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

std::string page_of(const std::string& program) {
  const ProgramRun run = run_program(program, {"--print-manual"});
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  return run.out;
}

// Without the escapes of roff.
std::string plain(const std::string& page) {
  std::string text = std::regex_replace(page, std::regex(R"(\\f[BIR])"), "");
  return std::regex_replace(text, std::regex(R"(\\-)"), "-");
}

std::vector<std::string> headings(const std::string& page) {
  std::vector<std::string> list;
  for (const std::string& line : lines_of(page)) {
    if (line.starts_with(".SH ")) list.push_back(line.substr(4));
  }
  return list;
}

}  // namespace

TEST_CASE("the manual page of a program has every section and every option of its help") {
  REQUIRE(command_names().size() >= 4);
  for (const std::string& command : command_names()) {
    const std::string program = "bnn-" + command;
    const std::string page = page_of(program), text = plain(page);
    CAPTURE(program);
    CHECK(headings(page) == std::vector<std::string>{"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS",
                                                     "EXIT STATUS", "EXAMPLES", "SEE ALSO"});
    const std::vector<std::string> options = option_names(program);
    CHECK(options.size() >= 6);
    for (const std::string& option : options) {
      CAPTURE(option);
      CHECK(std::regex_search(text, std::regex("\n\\.TP\n" + option + "[ ,\n]")));
    }
    CHECK(text.find("\n" + program + " - ") != std::string::npos);
    CHECK(text.find("\n  ") == std::string::npos);
    CHECK(text.find("print-manual") == std::string::npos);
  }
}

TEST_CASE("the page of the one program lists all commands and their pages") {
  const std::string text = plain(page_of("bnn"));
  for (const std::string& command : command_names()) {
    CHECK(text.find("\n.TP\n" + command + "\n") != std::string::npos);
    CHECK(text.find(".BR bnn-" + command + " (1)") != std::string::npos);
  }
}

TEST_CASE("manual pages have the exit codes that the manual of the programs has") {
  static const std::regex row(R"(^\| ([0-9, ]+) \| .* \|$)");
  const std::string manual = read_bytes(source_directory() + "/src/tools/README.md");
  const std::string text = plain(page_of("bnn-train"));
  int rows = 0;
  for (const std::string& line : lines_of(manual.substr(manual.find("\n## Exit codes")))) {
    std::smatch match;
    if (!std::regex_match(line, match, row)) continue;
    CAPTURE(line);
    CHECK(text.find(".TP\n" + match[1].str() + "\n") != std::string::npos);
    ++rows;
  }
  CHECK(rows >= 11);
  CHECK(std::regex_search(text, std::regex("\\.TH BNN-TRAIN 1 \"\" \"bnn [0-9.]+\"")));
}

TEST_CASE("formatters of manual pages warn of nothing") {
  const TemporaryDirectory folder;
  const std::vector<Words> formatters = {{"/usr/bin/groff", "-man", "-ww", "-Tascii", "-b"},
                                         {"/usr/bin/mandoc", "-T", "lint", "-W", "error"}};
  std::vector<std::string> programs = {"bnn"};
  for (const std::string& command : command_names()) programs.push_back("bnn-" + command);
  for (const std::string& program : programs) {
    const std::string page = page_of(program);
    CHECK(std::all_of(page.begin(), page.end(),
                      [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
    std::ofstream(folder.file(program)) << page;
    for (const Words& words : formatters) {
      if (!std::filesystem::exists(words[0])) {
        WARN(words[0] << " is not installed; it has not read the page of " << program);
        continue;
      }
      Words arguments(words.begin() + 1, words.end());
      arguments.push_back(folder.file(program));
      const ProgramRun run = run_program(words[0], arguments);
      CAPTURE(words[0], program, run.err);
      CHECK(run.exit_code == 0);
      CHECK(run.err.empty());
    }
  }
}

}  // namespace bnn::testing
