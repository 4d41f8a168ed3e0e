#include "bnn/core/json_reader.h"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/core/parse_json.h"
#include "support/model_fixtures.h"

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
  CHECK(problems_of(R"({"a": 3})", [](ObjectReader& r) { r.object("a", [](ObjectReader&) {}); }) ==
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

namespace {

// The resolved document, or what is wrong.
std::string resolved_or_problems(const std::string& text,
                                 const std::function<void(ObjectReader&)>& read) {
  const Json document = parse_json(text, "a.json", ErrorKind::config);
  Problems problems("a.json");
  ObjectReader reader(document, "", problems);
  read(reader);
  reader.finish();
  if (problems.empty()) return reader.resolved().dump();
  return error_message(ErrorKind::config, [&] { problems.raise_if_any(ErrorKind::config); });
}

// Reads "n" as an initialiser and tells what came of it.
struct InitializerReading {
  std::string resolved;
  std::optional<std::string> type;
  int calls = 0;
};

VariantRule initializer_rule() {
  return {.types = {"random_normal", "constant", "zeros"}, .fallback = "zeros"};
}

InitializerReading read_initializer(const std::string& text,
                                    const VariantRule& rule = initializer_rule()) {
  InitializerReading reading;
  const auto options = [&](ObjectReader& r, const std::string& type) {
    ++reading.calls;
    if (type == "random_normal") {
      r.real("mean", {.fallback = 0.0});
      r.real("stddev", {.min = 0.0, .fallback = 0.05});
    }
    if (type == "constant") r.real("value", {});
  };
  reading.resolved = resolved_or_problems(
      text, [&](ObjectReader& r) { reading.type = r.variant("n", rule, options); });
  return reading;
}

std::string initializer(const std::string& value, const VariantRule& rule = initializer_rule()) {
  return read_initializer(with_n(value), rule).resolved;
}

const std::string kInitializers = R"(expected one of "random_normal", "constant", "zeros")";

}  // namespace

TEST_CASE("a nested object is read, finished and recorded in one call") {
  const auto read = [](ObjectReader& r) {
    r.object("kl", [](ObjectReader& kl) {
      CHECK(kl.pointer() == "/kl");
      kl.real("weight", {.fallback = 1.0});
      kl.object("deep", [](ObjectReader& deep) { deep.integer("n", {.min = 1, .fallback = 2}); });
    });
  };
  const std::string defaults = R"({"kl":{"weight":1.0,"deep":{"n":2}}})";
  CHECK(resolved_or_problems("{}", read) == defaults);
  CHECK(resolved_or_problems(R"({"kl": null})", read) == defaults);
  CHECK(resolved_or_problems(R"({"kl": {"deep": {"n": 3}, "weight": 2}})", read) ==
        R"({"kl":{"weight":2.0,"deep":{"n":3}}})");
  CHECK(resolved_or_problems(R"({"kl": {"deep": {"n": 0, "m": 1}, "wieght": 2}})", read) ==
        "a.json: /kl/deep/n: expected an integer of at least 1, found 0; "
        "/kl/deep/m: unknown key (did you mean \"n\"?); "
        "/kl/wieght: unknown key (did you mean \"weight\"?)");
  CHECK(resolved_or_problems(R"({"kl": [1]})", read) ==
        "a.json: /kl: expected an object, found a list");
}

TEST_CASE("an object that was finished twice reports its unknown keys once") {
  const auto read = [](ObjectReader& r) {
    r.object("o", [](ObjectReader& o) { o.finish(); });
    r.finish();
  };
  CHECK(resolved_or_problems(R"({"o": {"x": 1}, "y": 1})", read) ==
        "a.json: /o/x: unknown key; /y: unknown key (did you mean \"o\"?)");
}

TEST_CASE("a variant is an object with a type, or a bare name") {
  const std::string zeros = R"({"n":{"type":"zeros"}})";
  CHECK(initializer(R"("zeros")") == zeros);
  CHECK(initializer(R"("Zeros")") == zeros);
  CHECK(initializer(R"({"type": "ZEROS"})") == zeros);
  const std::string normal = R"({"n":{"type":"random_normal","mean":0.0,"stddev":0.05}})";
  CHECK(initializer(R"("random_normal")") == normal);
  CHECK(initializer(R"({"stddev": 1, "type": "random_normal"})") ==
        R"({"n":{"type":"random_normal","mean":0.0,"stddev":1.0}})");
  const InitializerReading reading = read_initializer(R"({"n": {"type": "constant", "value": 2}})");
  CHECK(reading.resolved == R"({"n":{"type":"constant","value":2.0}})");
  CHECK(reading.type == "constant");
  CHECK(reading.calls == 1);
}

TEST_CASE("an absent variant reads as its fallback, options included") {
  VariantRule rule = initializer_rule();
  CHECK(read_initializer("{}").type == "zeros");
  CHECK(read_initializer("{}").resolved == R"({"n":{"type":"zeros"}})");
  rule.fallback = Json{{"type", "random_normal"}, {"mean", -3}, {"stddev", 0.1}};
  const std::string normal = R"({"n":{"type":"random_normal","mean":-3.0,"stddev":0.1}})";
  CHECK(read_initializer("{}", rule).resolved == normal);
  CHECK(initializer("null", rule) == "a.json: /n: found null; " + kInitializers);
  // What is given says all: its options have their own defaults.
  CHECK(initializer(R"("random_normal")", rule) ==
        R"({"n":{"type":"random_normal","mean":0.0,"stddev":0.05}})");
  rule.fallback = nullptr;
  const InitializerReading nothing = read_initializer("{}", rule);
  CHECK(nothing.resolved == R"({"n":null})");
  CHECK_FALSE(nothing.type);
  CHECK(nothing.calls == 0);
  CHECK(initializer("null", rule) == R"({"n":null})");
  rule.fallback.reset();
  CHECK(read_initializer("{}", rule).resolved == "a.json: /n: missing; " + kInitializers);
}

TEST_CASE("null is a variant of its own only where it is allowed") {
  VariantRule rule = initializer_rule();
  CHECK(initializer("null", rule) == "a.json: /n: found null; " + kInitializers);
  rule.nullable = true;
  const InitializerReading reading = read_initializer(R"({"n": null})", rule);
  CHECK(reading.resolved == R"({"n":null})");
  CHECK_FALSE(reading.type);
  CHECK(reading.calls == 0);
  CHECK(read_initializer("{}", rule).resolved == R"({"n":{"type":"zeros"}})");
  rule.fallback.reset();
  CHECK(initializer("null", rule) == R"({"n":null})");
  CHECK(read_initializer("{}", rule).resolved == "a.json: /n: missing; " + kInitializers);
  rule.nullable = false;
  CHECK(initializer("null", rule) == "a.json: /n: found null; " + kInitializers);
}

TEST_CASE("a variant that is no variant is reported once, at its place") {
  CHECK(initializer(R"("zeroes")") ==
        R"(a.json: /n: found "zeroes" (did you mean "zeros"?); )" + kInitializers);
  CHECK(initializer("3") == "a.json: /n: found 3; " + kInitializers);
  CHECK(initializer("[\"zeros\"]") == "a.json: /n: found a list; " + kInitializers);
  CHECK(initializer("false") == "a.json: /n: found false; " + kInitializers);
  CHECK(initializer(R"({"value": 3})") == "a.json: /n/type: missing; " + kInitializers);
  CHECK(initializer(R"({"type": null, "value": 3})") ==
        "a.json: /n/type: found null; " + kInitializers);
  CHECK(initializer(R"({"type": "gaussian", "mean": 3, "x": 1})") ==
        R"(a.json: /n/type: found "gaussian"; )" + kInitializers);
  CHECK(initializer(R"("constant")") == "a.json: /n/value: missing; expected a number");
  CHECK(initializer(R"({"type": "zeros", "value": 3})") == "a.json: /n/value: unknown key");
  CHECK(initializer(R"({"type": "random_normal", "men": 3, "stddev": -1})") ==
        "a.json: /n/stddev: expected a number of at least 0.0, found -1; "
        "/n/men: unknown key (did you mean \"mean\"?)");
}

TEST_CASE("the options of a misspelt type are read as those of the closest") {
  const std::string misspelt =
      R"(a.json: /n/type: found "random_norml" (did you mean "random_normal"?); )" + kInitializers;
  CHECK(initializer(R"({"type": "random_norml", "mean": 3, "stddev": 1})") == misspelt);
  CHECK(initializer(R"({"type": "random_norml", "value": 3})") ==
        misspelt + "; /n/value: unknown key");
}

TEST_CASE("an object without a type has the default type, if there is one") {
  VariantRule rule = initializer_rule();
  rule.default_type = "random_normal";
  CHECK(initializer(R"({"mean": 1})", rule) ==
        R"({"n":{"type":"random_normal","mean":1.0,"stddev":0.05}})");
  CHECK(initializer("{}", rule) == R"({"n":{"type":"random_normal","mean":0.0,"stddev":0.05}})");
  CHECK(read_initializer("{}", rule).type == "zeros");  // the key itself is absent
  rule.fallback = Json::object();
  CHECK(read_initializer("{}", rule).type == "random_normal");
}

TEST_CASE("bare names may be refused and the discriminator may have another name") {
  VariantRule rule = initializer_rule();
  rule.bare_names = false;
  rule.fallback = Json{{"kind", "zeros"}};
  rule.discriminator = "kind";
  CHECK(initializer(R"({"kind": "zeros"})", rule) == R"({"n":{"kind":"zeros"}})");
  CHECK(read_initializer("{}", rule).resolved == R"({"n":{"kind":"zeros"}})");
  const std::string refusal = "a.json: /n: expected an object, found ";
  CHECK(initializer(R"("zeros")", rule) == refusal + R"("zeros")");
  CHECK(contains(initializer(R"({"type": "zeros"})", rule), "/n/kind: missing"));
  rule.fallback.reset();
  rule.default_type = "zeros";
  CHECK(initializer("{}", rule) == R"({"n":{"kind":"zeros"}})");
  CHECK(initializer("null", rule) == refusal + "null");
  CHECK(read_initializer("{}", rule).resolved == "a.json: /n: missing; expected an object");
}

TEST_CASE("the elements of a list of variants tell their type") {
  const auto type_of = [](const std::string& text) {
    const Json document = parse_json(text, "a.json", ErrorKind::config);
    Problems problems("a.json");
    ObjectReader reader(document, "/list/0", problems);
    const auto type = reader.type(initializer_rule());
    return std::pair(type.value_or("none"), problems.empty());
  };
  CHECK(type_of(R"({"type": "Zeros"})") == std::pair(std::string("zeros"), true));
  CHECK(type_of(R"({"type": "zeroes"})") == std::pair(std::string("zeros"), false));
  CHECK(type_of(R"({"type": "gaussian"})") == std::pair(std::string("none"), false));
  CHECK(type_of("{}") == std::pair(std::string("none"), false));
  CHECK(type_of("3") == std::pair(std::string("none"), false));
}
