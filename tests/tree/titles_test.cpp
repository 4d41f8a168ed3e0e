// The titles of the tests. CMake cuts a list at a semicolon, and Catch takes a name that begins
// with a dash for an option, so that ctest would lose such a test.

#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "support/places.h"

namespace bnn::testing {
namespace {

TEST_CASE(
    "titles of tests are unique, begin with a letter or digit and hold nothing that ctest loses") {
  const std::regex title_of(R"re(TEST_CASE\(\s*"((?:[^"\\]|\\.)*)")re");
  std::set<std::string> titles;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           std::filesystem::path(source_directory()) / "tests")) {
    if (!entry.path().string().ends_with("_test.cpp")) continue;
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    for (std::sregex_iterator match(text.begin(), text.end(), title_of), end; match != end;
         ++match) {
      const std::string title = (*match)[1];
      CAPTURE(entry.path().string(), title);
      CHECK(std::isalnum(static_cast<unsigned char>(title.at(0))) != 0);
      CHECK(title.find_first_of(";[]\\") == std::string::npos);
      CHECK(titles.insert(title).second);
    }
  }
  CHECK(titles.size() > 900);
}

}  // namespace
}  // namespace bnn::testing
