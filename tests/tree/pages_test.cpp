// The pages for readers: limits of the README, links that lead somewhere, and a manual that has
// every option.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/json_document.h"
#include "support/places.h"
#include "support/run_program.h"

namespace bnn::testing {
namespace {

constexpr std::size_t kMaxLines = 150, kMaxColumns = 120;

std::string read(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Columns of UTF-8 text without characters of double width.
std::size_t columns(const std::string& line) {
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::vector<std::filesystem::path> pages() {
  const std::filesystem::path root = source_directory();
  std::vector<std::filesystem::path> list = {root / "README.md"};
  for (const char* top : {"configs", "data", "src", "tests"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / top)) {
      if (entry.path().extension() == ".md") list.push_back(entry.path());
    }
  }
  return list;
}

// The anchor that Markdown viewers give to a heading: letters of other alphabets stay.
std::string anchor_of(const std::string& heading) {
  std::string anchor;
  for (const char c : heading) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == ' ') anchor += '-';
    if (std::isalnum(byte) || c == '_' || c == '-' || byte >= 0x80) {
      anchor += static_cast<char>(std::tolower(byte));
    }
  }
  return anchor;
}

std::set<std::string> anchors_of(const std::string& page) {
  std::set<std::string> anchors;
  bool is_code = false;
  for (const std::string& line : lines_of(page)) {
    if (line.starts_with("```")) is_code = !is_code;
    const std::size_t level = line.find_first_not_of('#');
    if (is_code || level == 0 || level == std::string::npos || line[level] != ' ') continue;
    anchors.insert(anchor_of(line.substr(level + 1)));
  }
  return anchors;
}

// The links of a page that lead to nothing: files that do not exist, headings that no page has.
std::vector<std::string> dead_links(const std::filesystem::path& path, const std::string& page) {
  static const std::regex pattern(R"(\]\(([^)\s]+)\))");
  std::vector<std::string> dead;
  for (std::sregex_iterator link(page.begin(), page.end(), pattern), end; link != end; ++link) {
    const std::string target = (*link)[1];
    if (target.find("://") != std::string::npos) continue;
    const std::size_t hash = std::min(target.find('#'), target.size());
    const std::string file = target.substr(0, hash);
    const std::filesystem::path other = file.empty() ? path : path.parent_path() / file;
    if (!file.empty() && !std::filesystem::exists(other)) {
      dead.push_back(target);
    } else if (hash < target.size() &&
               anchors_of(file.empty() ? page : read(other)).count(target.substr(hash + 1)) == 0) {
      dead.push_back(target);
    }
  }
  return dead;
}

}  // namespace

TEST_CASE("the README has at most 150 lines, and none of them has more than 120 columns") {
  const std::vector<std::string> lines = lines_of(read(source_directory() + "/README.md"));
  CHECK(lines.size() <= kMaxLines);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CAPTURE(i + 1, lines[i]);
    CHECK(columns(lines[i]) <= kMaxColumns);
  }
}

TEST_CASE("every link of a page leads to a file or a heading that exists") {
  REQUIRE(pages().size() >= 6);
  for (const auto& path : pages()) {
    for (const std::string& target : dead_links(path, read(path))) {
      FAIL_CHECK(std::filesystem::relative(path, source_directory()).string()
                 << " links to " << target);
    }
  }
  const std::filesystem::path here = source_directory() + "/README.md";
  CHECK(dead_links(here, "# A b\n[x](src/none.h) [y](#a-b) [z](#c)") ==
        std::vector<std::string>{"src/none.h", "#c"});
}

TEST_CASE("the page on building has every preset, with the folder that it builds in") {
  const std::string page = read(source_directory() + "/src/README.md");
  const Json presets =
      parsed(read(source_directory() + "/CMakePresets.json")).at("configurePresets");
  CHECK(presets.size() >= 6);
  for (const Json& preset : presets) {
    const auto name = preset.at("name").get<std::string>();
    const auto folder = preset.at("binaryDir").get<std::string>();
    CAPTURE(name, folder);
    const std::size_t row = page.find("\n| `" + name + "` |");
    REQUIRE(row != std::string::npos);
    const std::string text = page.substr(row, page.find('\n', row + 1) - row);
    CHECK(text.find("`" + folder.substr(folder.rfind('/') + 1) + "`") != std::string::npos);
  }
}

TEST_CASE("the manual of the programs has every option that they have") {
  static const std::regex option("--[a-z][a-z-]*");
  const std::string manual = read(source_directory() + "/src/tools/README.md");
  for (const char* program :
       {"bnn-train", "bnn-eval", "bnn-predict", "bnn-compare", "bnn-export"}) {
    const std::string help = run_program(program, {"--help"}).out;
    for (std::sregex_iterator word(help.begin(), help.end(), option), end; word != end; ++word) {
      CAPTURE(program, word->str());
      CHECK(manual.find("`" + word->str()) != std::string::npos);
    }
  }
}

}  // namespace bnn::testing
