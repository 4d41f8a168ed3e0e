#include "bnn/core/json_schema.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/json_document.h"
#include "support/schema_check.h"

using namespace bnn;
using bnn::testing::SchemaCheck;

namespace {

using Read = ObjectReader::Read;

bool reader_accepts(const Json& document, const Read& read) {
  Problems problems("a.json");
  ObjectReader reader(document, "", problems);
  read(reader);
  reader.finish();
  return problems.empty();
}

// The reader and the schema that it gives must agree on every one of these values of "n".
void check_agreement(const Read& read, const std::vector<std::string>& accepted,
                     const std::vector<std::string>& refused) {
  const Json schema = describe_object(read);
  CAPTURE(schema.dump());
  const SchemaCheck check(schema);
  const auto agree = [&](const std::string& value, bool expected) {
    CAPTURE(value);
    const Json document = bnn::testing::parsed("{\"n\": " + value + "}");
    CHECK(reader_accepts(document, read) == expected);
    CHECK(check.accepts(document) == expected);
  };
  for (const std::string& value : accepted) agree(value, true);
  for (const std::string& value : refused) agree(value, false);
  CHECK(check.accepts(Json::object()) == reader_accepts(Json::object(), read));
  CHECK_FALSE(check.accepts(Json{{"no such key", 1}}));
}

// What the schema says of "n" alone.
std::string schema_of_n(const Read& read) {
  return describe_object(read)["properties"]["n"].dump();
}

std::string required(const Read& read) { return describe_object(read).value_or("required").dump(); }

// Options of the types in the tests of variants.
void read_initializer(ObjectReader& r, const std::string& type) {
  if (type == "normal") r.real("mean", {.fallback = 0.0});
  if (type == "constant") r.real("value", {.min = 0.0});
}

const VariantRule& initializer_rule() {
  static const VariantRule rule{.types = {"normal", "constant", "zeros"}};
  return rule;
}

}  // namespace

TEST_CASE("a described object lists its keys, those required, and allows no other") {
  const Json schema = describe_object([](ObjectReader& r) {
    CHECK(r.describing());
    r.integer("count", {.min = 1, .max = 9});
    r.text("name", "run");
    r.raw("anything");
    r.reals("list", {});
  });
  CHECK(schema.dump() ==
        R"({"type":"object","properties":{"count":{"type":"integer","minimum":1,"maximum":9},)"
        R"("name":{"type":"string","default":"run"},"anything":{},)"
        R"("list":{"type":"array","items":{"type":"number"}}},"required":["count","list"],)"
        R"("additionalProperties":false})");
}

TEST_CASE("a reader of a document describes nothing") {
  const Json document = {{"n", 3}};
  Problems problems("a.json");
  ObjectReader reader(document, "", problems);
  reader.integer("n", {});
  reader.object("o", [](ObjectReader& o) { CHECK_FALSE(o.describing()); });
  reader.describe("n", text_schema(std::nullopt), true);
  reader.finish();
  CHECK_FALSE(reader.describing());
  CHECK(reader.schema().is_null());
}

TEST_CASE("the schema of an integer") {
  const Read read = [](ObjectReader& r) { r.integer("n", {.min = -2, .max = 5, .fallback = 1}); };
  CHECK(schema_of_n(read) == R"({"type":"integer","minimum":-2,"maximum":5,"default":1})");
  check_agreement(read, {"-2", "0", "5"},
                  {"-3", "6", "0.5", "\"1\"", "true", "null", "[1]", "{}", "9223372036854775808"});
  const Read any = [](ObjectReader& r) { r.integer("n", {}); };
  CHECK(schema_of_n(any) == R"({"type":"integer"})");
  CHECK(required(any) == R"(["n"])");
  check_agreement(any, {"-9223372036854775808", "9223372036854775807"}, {"0.5", "null"});
}

TEST_CASE("the schema of a number") {
  const Read read = [](ObjectReader& r) { r.real("n", {.min = 0.0, .max = 2.0, .fallback = 1.0}); };
  CHECK(schema_of_n(read) == R"({"type":"number","minimum":0.0,"maximum":2.0,"default":1.0})");
  check_agreement(read, {"0", "0.0", "1e-300", "2", "2.0"},
                  {"-1e-300", "2.1", "1e300", "\"1\"", "false", "null", "[1.0]"});
  const Read above = [](ObjectReader& r) { r.real("n", {.min = 0.0, .above_min = true}); };
  CHECK(schema_of_n(above) == R"({"type":"number","exclusiveMinimum":0.0})");
  CHECK(required(above) == R"(["n"])");
  check_agreement(above, {"1e-300", "1e300"}, {"0", "0.0", "-1"});
  check_agreement([](ObjectReader& r) { r.real("n", {.fallback = 0.0}); }, {"-1e308", "1e308"},
                  {"null"});
}

TEST_CASE("the schemas of booleans and texts") {
  const Read flag = [](ObjectReader& r) { r.boolean("n", true); };
  CHECK(schema_of_n(flag) == R"({"type":"boolean","default":true})");
  check_agreement(flag, {"true", "false"}, {"0", "1", "null", "\"true\"", "[]"});
  const Read needed = [](ObjectReader& r) { r.boolean("n", std::nullopt); };
  CHECK(required(needed) == R"(["n"])");
  const Read text = [](ObjectReader& r) { r.text("n", "x"); };
  CHECK(schema_of_n(text) == R"({"type":"string","default":"x"})");
  check_agreement(text, {"\"\"", "\"any\""}, {"1", "null", "true", "[\"a\"]"});
  CHECK(required([](ObjectReader& r) { r.text("n", std::nullopt); }) == R"(["n"])");
}

TEST_CASE("the schema of a choice takes the words in any case") {
  const Read read = [](ObjectReader& r) { r.choice("n", {"mean_field", "a1"}, "a1"); };
  CHECK(schema_of_n(read) ==
        R"({"anyOf":[{"enum":["mean_field","a1"]},{"type":"string","pattern":)"
        R"("^([mM][eE][aA][nN]_[fF][iI][eE][lL][dD]|[aA]1)$"}],"default":"a1"})");
  check_agreement(read, {"\"mean_field\"", "\"Mean_Field\"", "\"A1\"", "\"a1\""},
                  {"\"mean-field\"", "\"a\"", "\"a11\"", "\"xa1\"", "\"\"", "null", "1", "[\"a1\"]",
                   "\"a1\\n\"", "\"mean_field|a1\""});
  const Read special = [](ObjectReader& r) { r.choice("n", {"a.b", "c+(d)"}, std::nullopt); };
  CHECK(required(special) == R"(["n"])");
  check_agreement(special, {"\"a.b\"", "\"A.B\"", "\"C+(d)\""}, {"\"axb\"", "\"ccd\"", "\"c\""});
}

TEST_CASE("the schema of integers is one number or the exact count of them") {
  const Read read = [](ObjectReader& r) { r.integers("n", 2, {.min = 1, .fallback = 3}); };
  CHECK(schema_of_n(read) ==
        R"({"anyOf":[{"type":"integer","minimum":1,"maximum":2147483647},{"type":"array","items":)"
        R"({"type":"integer","minimum":1,"maximum":2147483647},"minItems":2,"maxItems":2}],)"
        R"("default":3})");
  check_agreement(read, {"1", "[1, 2]", "2147483647"},
                  {"0", "[1]", "[1, 2, 3]", "[]", "[1, 0]", "[1, 2.5]", "[1, null]", "\"3\"",
                   "null", "2147483648", "[[1], 2]", "{}", "true"});
  CHECK(required([](ObjectReader& r) { r.integers("n", 2, {}); }) == R"(["n"])");
}

TEST_CASE("the schemas of lists") {
  const Read reals = [](ObjectReader& r) { r.reals("n", {.min = 0.0, .above_min = true}); };
  CHECK(required(reals) == R"(["n"])");
  check_agreement(reals, {"[]", "[1, 2.5]"}, {"1", "[1, 0]", "[\"1\"]", "[null]", "{}", "null"});
  const Read texts = [](ObjectReader& r) { r.texts("n", std::vector<std::string>{"a"}); };
  CHECK(schema_of_n(texts) ==
        R"({"anyOf":[{"type":"string"},{"type":"array","items":{"type":"string"}}],)"
        R"("default":["a"]})");
  check_agreement(texts, {"\"a\"", "[]", "[\"a\", \"b\"]"}, {"1", "[\"a\", 2]", "null", "[[]]"});
  CHECK(required([](ObjectReader& r) { r.texts("n", std::nullopt); }) == R"(["n"])");
}

TEST_CASE("nested objects are described in place, and null is as good as an empty one") {
  const Read optional = [](ObjectReader& r) {
    r.object("n", [](ObjectReader& n) { n.boolean("deep", false); });
  };
  CHECK(required(optional) == "null");
  CHECK(schema_of_n(optional) ==
        R"({"type":["object","null"],"properties":{"deep":{"type":"boolean","default":false}},)"
        R"("additionalProperties":false})");
  check_agreement(optional, {"{}", "null", R"({"deep": true})"},
                  {R"({"deep": 1})", R"({"deeep": true})", "[]", "3", "\"x\""});
  const Read needed = [](ObjectReader& r) {
    r.object("n", [](ObjectReader& n) {
      n.object("m", [](ObjectReader& m) { m.integer("deep", {}); });
    });
  };
  CHECK(required(needed) == R"(["n"])");
  check_agreement(needed, {R"({"m": {"deep": 1}})"},
                  {"{}", "null", R"({"m": {}})", R"({"m": null})", R"({"m": {"deep": "1"}})",
                   R"({"m": {"deep": 1, "more": 1}})"});
}

TEST_CASE("what is read by raw() accepts what the caller says") {
  const Read read = [](ObjectReader& r) {
    const Json& value = r.raw("n");
    if (r.describing()) r.describe("n", or_null(integer_schema({.min = 1, .fallback = 2})), true);
    if (!r.has("n")) r.problem("n", "missing");
    if (!value.is_null()) r.integer("n", {.min = 1});
  };
  CHECK(schema_of_n(read) == R"({"type":["integer","null"],"minimum":1,"default":2})");
  check_agreement(read, {"null", "1"}, {"0", "\"x\""});
  // The last description counts, also for whether the key is required.
  const Json schema = describe_object([](ObjectReader& r) {
    r.integer("n", {});
    r.raw("n");
    r.integer("m", {});
    r.describe("n", text_schema(std::nullopt));
  });
  CHECK(schema["properties"]["n"].dump() == R"({"type":"string"})");
  CHECK(schema["required"].dump() == R"(["m"])");
}

TEST_CASE("an object may describe itself as a whole") {
  VariantRule rule = initializer_rule();
  const Read read = [&](ObjectReader& r) {
    r.object("n", [&](ObjectReader& n) {
      if (n.describing()) {
        n.describe_whole(variant_schema(rule, read_initializer));
      } else if (const auto type = n.type(rule)) {
        read_initializer(n, *type);
      }
    });
  };
  CHECK(required(read) == R"(["n"])");
  check_agreement(read, {R"({"type": "zeros"})", R"({"type": "normal", "mean": 1})"},
                  {"null", "{}", "\"zeros\"", R"({"type": "zeros", "mean": 1})"});
  rule.default_type = "normal";  // {} is enough
  CHECK(required(read) == "null");
  check_agreement(read, {"null", "{}", R"({"mean": 1})"}, {R"({"value": 1})", "3"});
}

TEST_CASE("a variant is described as its names and one object for each type") {
  const Read read = [](ObjectReader& r) { r.variant("n", initializer_rule(), read_initializer); };
  CHECK(required(read) == R"(["n"])");
  const Json forms = describe_object(read)["properties"]["n"]["anyOf"];
  REQUIRE(forms.size() == 5);
  CHECK(forms[0].dump() == R"({"enum":["normal","zeros"]})");  // "constant" needs its value
  CHECK(forms[3].dump() ==
        R"({"type":"object","properties":{"type":{"anyOf":[{"const":"constant"},{"type":"string",)"
        R"("pattern":"^([cC][oO][nN][sS][tT][aA][nN][tT])$"}]},"value":{"type":"number",)"
        R"("minimum":0.0}},"required":["type","value"],"additionalProperties":false})");
  check_agreement(
      read,
      {"\"zeros\"", "\"ZEROS\"", "\"normal\"", R"({"type": "zeros"})", R"({"type": "Normal"})",
       R"({"type": "normal", "mean": -1})", R"({"type": "constant", "value": 2})"},
      {"\"constant\"", "\"zero\"", "null", "3", "[]", "{}", R"({"mean": 1})",
       R"({"type": "constant"})", R"({"type": "constant", "value": -1})",
       R"({"type": "zeros", "mean": 1})", R"({"type": null})", R"({"type": 3})",
       R"({"type": "zero"})", R"({"type": ["zeros"]})"});
}

TEST_CASE("a variant's description knows default type, null, fallback and other discriminators") {
  VariantRule rule = initializer_rule();
  rule.default_type = "normal";
  rule.fallback = Json{{"type", "normal"}, {"mean", -3}};
  const Read read = [&](ObjectReader& r) { r.variant("n", rule, read_initializer); };
  CHECK(required(read) == "null");
  CHECK(describe_object(read)["properties"]["n"]["default"].dump() ==
        R"({"type":"normal","mean":-3})");
  check_agreement(read, {"{}", R"({"mean": 1})", "\"zeros\"", R"({"type": "zeros"})"},
                  {R"({"value": 1})", R"({"type": "zeros", "mean": 1})", "3", "null"});
  rule.fallback = nullptr;
  CHECK(describe_object(read)["properties"]["n"]["default"].is_null());
  check_agreement(read, {"null", "{}"}, {"3"});
  rule.fallback.reset();
  check_agreement(read, {"{}"}, {"null"});
  rule.bare_names = false;
  check_agreement(read, {"{}"}, {"null", "\"zeros\""});
  rule.bare_names = true;
  rule.nullable = true;
  check_agreement(read, {"{}", "null"}, {"false"});
  rule.bare_names = false;
  check_agreement(read, {"{}", "null", R"({"type": "zeros"})"}, {"\"zeros\""});
  rule.discriminator = "kind";
  check_agreement(read, {R"({"kind": "zeros"})"}, {R"({"type": "zeros"})"});
}

TEST_CASE("a list of variants is described by its elements") {
  const auto read_element = [](ObjectReader& r, const std::string&) {
    const auto type = r.type(initializer_rule());  // as when a list is read
    REQUIRE(type);
    read_initializer(r, *type);
  };
  const Json schema = variant_schema(initializer_rule(), read_element);
  CHECK(schema.dump() == variant_schema(initializer_rule(), read_initializer).dump());
  const SchemaCheck check(list_schema(schema));
  CHECK(check.accepts(bnn::testing::parsed(R"([])")));
  CHECK(check.accepts(
      bnn::testing::parsed(R"([{"type": "zeros"}, {"type": "constant", "value": 1}])")));
  CHECK_FALSE(check.accepts(bnn::testing::parsed(R"([{"type": "zeros"}, {"type": "constant"}])")));
  CHECK_FALSE(check.accepts(bnn::testing::parsed(R"(["zeros"])")));
}
