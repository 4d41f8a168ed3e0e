// Config files that are no JSON, or JSON that means nothing: refused with the place in the text.

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("text that is not one JSON object is refused") {
  const TinyRun tiny;
  const std::string good = tiny_config().dump();
  const std::string open = good.substr(0, good.size() - 1);
  const std::string deep(100000, '[');
  struct TextCase {
    std::string text;
    std::string part;
  };
  const std::vector<TextCase> cases = {
      {"", "line 1, column 1"},
      {" \n\t", "line 2"},
      {"null", "/"},
      {"[]", "expected an object"},
      {"3", "expected an object"},
      {"\"text\"", "expected an object"},
      {"not json", "line 1, column 2"},
      {good + "}", "not valid JSON"},
      {good + good, "not valid JSON"},
      {open, "end of the text"},
      {open + ",}", "not valid JSON"},
      {"// comment\n" + good, "line 1"},
      {replaced(good, "\"name\"", "'name'"), "not valid JSON"},
      {replaced(good, "\"epochs\":2", "\"epochs\":NaN"), "not valid JSON"},
      {replaced(good, "\"epochs\":2", "\"epochs\":Infinity"), "not valid JSON"},
      {replaced(good, "\"epochs\":2", "\"epochs\":1e400"), "number"},
      {replaced(good, "\"epochs\":2", "\"epochs\":02"), "not valid JSON"},
      {replaced(good, "\"epochs\":2", "\"epochs\":2,\"epochs\":3"), "appears twice"},
      {open + ",\"name\":\"again\"}", "appears twice"},
      {std::string("\xff\xfe{\0}\0", 6), "NUL byte"},
      {good + std::string(1, '\0'), "NUL byte"},
      {replaced(good, "tiny", std::string(1, '\0')), "NUL byte"},
      {replaced(good, "tiny", "\xff\xfe"), "not valid JSON"},
      {open + ",\"x\":" + deep + std::string(100000, ']') + "}", "nested deeper"},
      {deep, "nested deeper"},
      {std::string(std::size_t{17} << 20, ' '), "bytes"},
  };
  for (const TextCase& c : cases) {
    CAPTURE(c.text.substr(0, 60));
    check_config_refused(tiny, c.text, c.part);
  }
}

TEST_CASE("every piece of a config cut off early is refused") {
  const TinyRun tiny;
  const std::string good = tiny_config().dump();
  for (std::size_t size = 1; size < good.size(); size += 13) {
    CAPTURE(size);
    check_config_refused(tiny, good.substr(0, size), "line 1, column ");
  }
}

}  // namespace bnn::testing
