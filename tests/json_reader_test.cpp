#include "bnn/core/json_reader.h"

#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "model_fixtures.h"

using namespace bnn;
using bnn::testing::error_message;

namespace {

std::string parse_error(const std::string& text) {
  return error_message(ErrorKind::config, [&] { parse_json(text, "a.json", ErrorKind::config); });
}

// What is wrong with a document according to `read`, or "" if nothing is.
std::string problems_of(const std::string& text, const std::function<void(ObjectReader&)>& read) {
  const Json document = parse_json(text, "a.json", ErrorKind::config);
  Problems problems("a.json");
  ObjectReader reader(document, "", problems);
  read(reader);
  if (problems.empty()) return "";
  return error_message(ErrorKind::config, [&] { problems.raise_if_any(ErrorKind::config); });
}

std::string with_n(const std::string& value) { return "{\"n\": " + value + "}"; }

std::string integer_problem(const std::string& value, IntegerRule rule) {
  return problems_of(with_n(value), [&](ObjectReader& r) { r.integer("n", rule); });
}

std::string real_problem(const std::string& value, RealRule rule) {
  return problems_of(with_n(value), [&](ObjectReader& r) { r.real("n", rule); });
}

std::string nested(const std::string& open, const std::string& close, std::size_t levels) {
  std::string text;
  for (std::size_t i = 0; i < levels; ++i) text += open;
  for (std::size_t i = 0; i < levels; ++i) text += close;
  return text;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("where an integer is due, nothing is converted to one") {
  const IntegerRule rule{.min = 0, .max = 2147483647};
  const std::string expected = "a.json: /n: expected an integer from 0 to 2147483647, found ";
  for (const char* value : {"4294967297", "3.9", "3.0", "true", "1e300", "1e2", "-1", "null",
                            "\"3\"", "9223372036854775807", "-9223372036854775808"}) {
    INFO(value);
    const std::string message = integer_problem(value, rule);
    CHECK(message.substr(0, expected.size()) == expected);
  }
  CHECK(integer_problem("4294967297", rule) == expected + "4294967297");
  CHECK(integer_problem("18446744073709551616", rule).substr(0, expected.size()) == expected);
  CHECK(integer_problem("[3]", rule) == expected + "a list");
  CHECK(integer_problem("{}", rule) == expected + "an object");
  CHECK(integer_problem("2147483647", rule) == "");
  CHECK(integer_problem("0", rule) == "");
}

TEST_CASE("an integer without bounds is any of 64 signed bits") {
  CHECK(integer_problem("9223372036854775807", {}) == "");
  CHECK(integer_problem("-9223372036854775808", {}) == "");
  CHECK(integer_problem("9223372036854775808", {}) != "");
  CHECK(integer_problem("-9223372036854775809", {}) != "");
  CHECK(integer_problem("18446744073709551615", {}) != "");
}

TEST_CASE("a number is finite and within its bounds, never a boolean or text") {
  const RealRule rule{.min = 0.0, .max = 2.0, .above_min = true};
  const std::string expected = "a.json: /n: expected a number above 0.0 and at most 2.0, found ";
  for (const char* value : {"0", "-1e-300", "2.0000001", "1e300", "true", "null", "\"1\""}) {
    INFO(value);
    CHECK(real_problem(value, rule) == expected + parse_json(value, "", ErrorKind::config).dump());
  }
  CHECK(real_problem("[1]", rule) == expected + "a list");
  for (const char* value : {"1", "2", "1e-300", "0.5"}) CHECK(real_problem(value, rule) == "");
  CHECK(real_problem("-1e308", {}) == "");
}

TEST_CASE("booleans, texts and words are of their own type") {
  for (const char* value : {"1", "0", "\"true\"", "null", "[]"}) {
    CHECK(contains(problems_of(with_n(value), [](ObjectReader& r) { r.boolean("n", true); }),
                   "/n: expected true or false, found "));
  }
  for (const char* value : {"1", "null", "false", "[\"a\"]"}) {
    CHECK(contains(problems_of(with_n(value), [](ObjectReader& r) { r.text("n", "x"); }),
                   "/n: expected a string, found "));
  }
  const auto padding = [](ObjectReader& r) {
    CHECK(r.choice("n", {"valid", "same"}, "valid") != "");
  };
  CHECK(problems_of(R"({"n": "SAME"})", padding) == "");
  CHECK(problems_of(R"({"n": "circular"})", padding) ==
        R"(a.json: /n: found "circular"; expected one of "valid", "same")");
  CHECK(contains(problems_of(R"({"n": "vald"})", padding), R"((did you mean "valid"?))"));
  CHECK(contains(problems_of(R"({"n": null})", padding), "found null"));
}

TEST_CASE("pairs of integers are one number or exactly two") {
  std::vector<int> pair;
  const auto read = [&](ObjectReader& r) { pair = r.integers("n", 2, {.min = 1}); };
  CHECK(problems_of(R"({"n": 3})", read) == "");
  CHECK(pair == std::vector<int>{3, 3});
  CHECK(problems_of(R"({"n": [3, 5]})", read) == "");
  CHECK(pair == std::vector<int>{3, 5});
  for (const char* value : {"[1]", "[1, 2, 3]", "[]", "[1, 2.5]", "[1, true]", "\"3\"", "null", "0",
                            "[[1], 2]", "[1, null]", "2147483648", "[2147483648, 1]", "{}"}) {
    INFO(value);
    CHECK(contains(problems_of(with_n(value), read), "/n: expected "));
  }
}

TEST_CASE("lists of numbers and of texts check every element") {
  std::vector<double> numbers;
  std::vector<std::string> words;
  const auto read_reals = [&](ObjectReader& r) { numbers = r.reals("n", {.min = 0.0}); };
  const auto read_texts = [&](ObjectReader& r) { words = r.texts("n", std::nullopt); };
  CHECK(problems_of(R"({"n": [1, 2.5]})", read_reals) == "");
  CHECK(numbers == std::vector<double>{1.0, 2.5});
  CHECK(problems_of(R"({"n": []})", read_reals) == "");
  for (const char* value : {"1", "[1, -2]", "[\"1\"]", "[null]", "{}"}) {
    CHECK(problems_of(with_n(value), read_reals) != "");
  }
  CHECK(problems_of(R"({"n": "one"})", read_texts) == "");
  CHECK(words == std::vector<std::string>{"one"});
  CHECK(problems_of(R"({"n": ["one", "two"]})", read_texts) == "");
  CHECK(words == std::vector<std::string>{"one", "two"});
  for (const char* value : {"1", "[\"a\", 2]", "null", "[[\"a\"]]"}) {
    CHECK(problems_of(with_n(value), read_texts) != "");
  }
}

TEST_CASE("a key without a fallback is required") {
  CHECK(problems_of("{}", [](ObjectReader& r) { r.integer("n", {.min = 1}); }) ==
        "a.json: /n: missing; expected an integer of at least 1");
  CHECK(problems_of("{}", [](ObjectReader& r) { r.integer("n", {.fallback = 4}); }) == "");
  CHECK(problems_of("[1]", [](ObjectReader&) {}) == "a.json: /: expected an object, found a list");
  CHECK(problems_of(R"({"a": 3})", [](ObjectReader& r) { r.object("a"); }) ==
        "a.json: /a: expected an object, found 3");
}

TEST_CASE("a key that appears twice in one object is refused at any depth") {
  CHECK(contains(parse_error(R"({"a": 1, "b": 2, "a": 1})"), "key \"a\" appears twice"));
  CHECK(contains(parse_error(R"({"x": [{"y": {"b": 1, "c": {}, "b": 2}}]})"), "key \"b\""));
  CHECK(contains(parse_error(R"({"a": 1, "\u0061": 2})"), "key \"a\" appears twice"));
  CHECK(parse_error(R"([{"a": 1}, {"a": {"a": 2}}, {"a": 3}])") == "no error");
}

TEST_CASE("deep nesting is refused and never reaches the stack") {
  CHECK(parse_error(nested("[", "]", 64)) == "no error");
  const std::string refusal = "a.json: nested deeper than 64 levels";
  CHECK(parse_error(nested("[", "]", 65)) == refusal);
  CHECK(parse_error(nested("{\"a\":[", "]}", 32)) == "no error");
  CHECK(parse_error(nested("{\"a\":[", "]}", 33)) == refusal);
  CHECK(parse_error(nested("[", "]", 100000)) == refusal);
  CHECK(parse_error(nested("[", "", 100000)) == refusal);
  CHECK(parse_error(nested("{\"a\":", "", 100000)) == refusal);
}

TEST_CASE("an object of more keys than any config has is refused at once") {
  std::string text = "{\"k\": 0";
  for (int i = 1; i < 4096; ++i) text += ", \"" + std::to_string(i) + "\": 0";
  CHECK(parse_error(text + "}") == "no error");
  CHECK(contains(parse_error(text + ", \"more\": 0}"), "more than 4096 keys"));
}

TEST_CASE("a NUL byte is refused wherever it stands") {
  CHECK(parse_error(std::string("{}\0", 3)) == "a.json: line 1, column 3: NUL byte in JSON text");
  CHECK(parse_error(std::string("{}\n{\0}", 6)) ==
        "a.json: line 2, column 2: NUL byte in JSON text");
  CHECK(contains(parse_error(std::string("{\"a\0b\": 1}", 10)), "NUL byte"));
}

TEST_CASE("syntax errors tell line, column and what stands there") {
  CHECK(parse_error("{\n \"a\": 1,\n \"b\" 2}") ==
        "a.json: line 3, column 6: not valid JSON; did not expect '2' here");
  CHECK(parse_error("{\"a\": 1") ==
        "a.json: line 1, column 8: not valid JSON; did not expect the end of the text here");
  CHECK(contains(parse_error(""), "the end of the text"));
  CHECK(contains(parse_error("{} {}"), "line 1, column 4"));
  CHECK(contains(parse_error("{\"a\": \"\xff\"}"), "byte 255"));
  CHECK(contains(parse_error("{\"a\": 1,\x01}"), "byte 1 "));
  for (const char* value : {"NaN", "nan", "Infinity", "-Infinity", "+1", "01", ".5", "1.", "0x10",
                            "1_000", "'a'", "True", "// comment\n1", "[1,]", "\"a\tb\""}) {
    INFO(value);
    CHECK(contains(parse_error("{\"a\": " + std::string(value) + "}"), "not valid JSON"));
  }
  CHECK(parse_error("[1e999]") == "a.json: holds a number that does not fit a double");
  CHECK(parse_error("[-1e999]") == "a.json: holds a number that does not fit a double");
}
