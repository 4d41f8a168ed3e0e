// Completions for shells, as the program writes them. Those for bash are run by bash itself.

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>

#include <catch2/catch.hpp>

#include "support/places.h"
#include "support/program_help.h"
#include "support/run_program.h"
#include "support/temporary_directory.h"
#include "support/text_lines.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

std::string completion_of(const std::string& shell) {
  const ProgramRun run = run_program("bnn", {"--print-completion", shell});
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  return run.out;
}

// What bash offers for the last of these words. "(files)" and "(folders)" stand for names on the
// disk, which bash itself completes.
std::string offered_by_bash(const Words& words) {
  const TemporaryDirectory folder;
  std::ofstream(folder.file("bnn.bash")) << completion_of("bash");
  std::string line;
  for (const std::string& word : words) line += " '" + word + "'";
  const std::string script =
      "compopt() { case $2 in default) echo '(files)';; dirnames) echo '(folders)';; esac; }\n"
      "source ./bnn.bash\n"
      "COMP_WORDS=(" +
      line + ") COMP_CWORD=" + std::to_string(words.size() - 1) +
      "\n"
      "registered=$(complete -p " +
      words[0] +
      ") && $(sed 's/.*-F \\([^ ]*\\) .*/\\1/' <<<\"$registered\")\n"
      "echo \"${COMPREPLY[*]}\"\n";
  const ProgramRun run =
      run_program("/bin/bash", {"--norc", "-c", script}, {.directory = folder.path()});
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  CHECK(run.err.empty());
  std::string offered;
  for (const std::string& text : lines_of(run.out)) {
    if (!text.empty()) offered += (offered.empty() ? "" : " ") + text;
  }
  return offered;
}

}  // namespace

TEST_CASE("bash completes options, and the values that an option may have") {
  CHECK(offered_by_bash({"bnn-train", "--conf"}) == "--config");
  CHECK(offered_by_bash({"bnn-train", "--resume"}) == "--resume --resume-or-start");
  CHECK(offered_by_bash({"bnn-train", "--products", ""}) == "own openblas");
  CHECK(offered_by_bash({"bnn-eval", "a.safetensors", "--split", "t"}) == "test train");
  CHECK(offered_by_bash({"bnn-eval", "--format", "=", "j"}) == "json");
  CHECK(offered_by_bash({"bnn-eval", "--format", "="}) == "text json");
  CHECK(offered_by_bash({"bnn-eval", "--samples", ""}) == "");
  CHECK(offered_by_bash({"bnn-predict", "--abstain-score", "v"}) == "variation_ratio");
  CHECK(offered_by_bash({"bnn-train", "--print-m"}) == "");
}

TEST_CASE("bash completes names of files and folders where an option or argument is one") {
  CHECK(offered_by_bash({"bnn-train", "--config", ""}) == "(files)");
  CHECK(offered_by_bash({"bnn-train", "--config", "=", "a"}) == "(files)");
  CHECK(offered_by_bash({"bnn-train", "--out", "r"}) == "(folders)");
  CHECK(offered_by_bash({"bnn-eval", "runs/"}) == "(files)");
  CHECK(offered_by_bash({"bnn-predict", "a.safetensors", "--quiet", ""}) == "(files)");
  CHECK(offered_by_bash({"bnn-compare", ""}) == "(folders)");
}

TEST_CASE("bash completes every word of an option that takes a list") {
  CHECK(offered_by_bash({"bnn-eval", "a", "--corrupt", "contrast", "pix"}) == "pixelate");
  CHECK(offered_by_bash({"bnn-eval", "a", "--prune", "0.5", ""}) == "");
  CHECK(offered_by_bash({"bnn-train", "--init", "a", "b"}) == "(files)");
}

TEST_CASE("bash completes commands behind the name of the one program, and then their options") {
  const std::vector<std::string> names = command_names();
  REQUIRE(names.size() >= 4);
  std::string all;
  for (const std::string& name : names) all += name + " ";
  CHECK(offered_by_bash({"bnn", ""}) == all + "--help --version");
  CHECK(offered_by_bash({"bnn", "tr"}) == "train");
  for (const std::string& name : names)
    CHECK(offered_by_bash({"bnn", name, "--thr"}) == "--threads");
  CHECK(offered_by_bash({"bnn", "eval", "--split", "v"}) == "validation");
}

TEST_CASE("the completion for each shell has every option of every program") {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const std::string all = completion_of(shell);
    for (const std::string& command : command_names()) {
      const std::string part = run_program("bnn-" + command, {"--print-completion", shell}).out;
      CAPTURE(shell, command);
      REQUIRE(part.size() > 100);
      CHECK(all.find(part) != std::string::npos);
      const std::vector<std::string> options = option_names("bnn-" + command);
      REQUIRE(options.size() >= 6);
      for (const std::string& option : options) {
        CAPTURE(option);
        const std::string written = shell == "fish" ? " -l " + option.substr(2) : option;
        CHECK(std::regex_search(part, std::regex(written + "[ =)\\[|']")));
      }
      CHECK(part.find("print-completion") == std::string::npos);
    }
  }
}

TEST_CASE("shells that are installed can read their completions") {
  const TemporaryDirectory folder;
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const std::string path = "/usr/bin/" + shell;
    if (!std::filesystem::exists(path)) {
      WARN(shell << " is not installed; its completion was not read");
      continue;
    }
    std::ofstream(folder.file(shell)) << completion_of(shell);
    const ProgramRun run = run_program(path, {"-n", folder.file(shell)});
    CAPTURE(shell, run.err);
    CHECK(run.exit_code == 0);
    CHECK(run.err.empty());
  }
}

TEST_CASE("an unknown shell is refused, and a program asks for nothing else to print these texts") {
  check_failure(run_program("bnn", {"--print-completion", "csh"}), "bnn", 2,
                "expected bash, zsh or fish");
  check_failure(run_program("bnn", {"--print-completion"}), "bnn", 2);
  check_failure(run_program("bnn-eval", {"--print-completion", "csh"}), "bnn-eval", 2);
}

TEST_CASE("the build has a link, a page and completions for every command, and for no other") {
  const std::filesystem::path build = binary_directory();
  std::set<std::string> programs;
  for (const std::string& command : command_names()) programs.insert("bnn-" + command);
  std::set<std::string> links;
  for (const auto& entry : std::filesystem::directory_iterator(build)) {
    const std::string name = entry.path().filename();
    if (entry.is_symlink() && name.starts_with("bnn-")) links.insert(name);
  }
  CHECK(links == programs);
  for (const std::string& program : programs) {
    const std::filesystem::path page = build / "share/man/man1" / (program + ".1");
    CHECK((std::filesystem::exists(page) || std::filesystem::exists(page.string() + ".gz")));
    CHECK(std::filesystem::exists(build / "share/bash-completion/completions" / program));
    CHECK(std::filesystem::exists(build / "share/fish/vendor_completions.d" / (program + ".fish")));
  }
  CHECK(read_bytes(build / "share/bash-completion/completions/bnn") == completion_of("bash"));
}

}  // namespace bnn::testing
