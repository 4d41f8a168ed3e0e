#include "bnn/core/json.h"

#include <chrono>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/core/parse_json.h"

namespace bnn {
namespace {

Json parse(const std::string& text) { return parse_json(text, "a.json", ErrorKind::config); }

double seconds_to_parse(const std::string& text) {
  const auto start = std::chrono::steady_clock::now();
  parse(text);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::string list_of_objects(int count) {
  std::string text = "[{}";
  for (int i = 1; i < count; ++i) text += ",{}";
  return text + "]";
}

TEST_CASE("a list in braces is an object if all its elements are pairs that begin with a string") {
  CHECK(Json({{"a", 1}, {"b", {1, 2}}}).dump() == R"({"a":1,"b":[1,2]})");
  CHECK(Json({"a", 1}).dump() == R"(["a",1])");
  CHECK(Json({{"a", 1}, {2, 3}}).dump() == R"([["a",1],[2,3]])");
  CHECK(Json::array({{"a", 1}}).dump() == R"([["a",1]])");
  CHECK(Json::array().dump() == "[]");
  CHECK(Json::object().dump() == "{}");
  CHECK(Json(std::vector<double>{0.5, 2}).dump() == "[0.5,2.0]");
}

TEST_CASE("text becomes the value that it says, and the value becomes the text again") {
  const std::string text =
      R"({"z":null,"a":[true,false,-3,18446744073709551615,0.1,1e+300],"n":{"s":"\u00e4\n\"x"}})";
  const Json value = parse(text);
  CHECK(value.at("a")[2].get<int>() == -3);
  CHECK(value.at("a")[3].get<std::uint64_t>() == 18446744073709551615u);
  CHECK(value.at("a")[4].get<double>() == 0.1);
  CHECK(value.at("n").at("s").text() == "\xc3\xa4\n\"x");
  CHECK(value.items().front().key == "z");  // members keep their order
  CHECK(parse(value.dump()) == value);
  CHECK(parse(value.dump(2)) == value);
  CHECK(Json("\xff").dump_replacing() == "\"\xef\xbf\xbd\"");
  CHECK(Json("\xc3\xa4").dump_replacing(/*ascii=*/true) == R"("\u00e4")");
  CHECK_THROWS_AS(Json("\xff").dump(), JsonError);
}

TEST_CASE("numbers are equal if their values are, of whatever type") {
  CHECK(Json(1) == Json(1u));
  CHECK(Json(1) == Json(1.0));
  CHECK(Json(-1) == Json(-1.0));
  CHECK_FALSE(Json(-1) == Json(18446744073709551615u));
  CHECK_FALSE(Json(1) == Json(true));
  CHECK_FALSE(Json(0) == Json());
  CHECK_FALSE(parse(R"({"a":1,"b":2})") == parse(R"({"b":2,"a":1})"));
}

TEST_CASE("members are made, found, replaced and erased") {
  Json value;
  value["a"]["b"] = 1;
  value["list"].push_back("x");
  CHECK(value.dump() == R"({"a":{"b":1},"list":["x"]})");
  value["a"] = 2;
  value.erase("list");
  value.erase("none");
  CHECK(value.dump() == R"({"a":2})");
  CHECK(value.find("b") == nullptr);
  CHECK(value.value_or("b", 7) == 7);
  CHECK(value.value_or("a", 7) == 2);
}

TEST_CASE("asking for what is not there is an error") {
  const Json value = {{"a", 1}};
  CHECK_THROWS_AS(value.at("b"), JsonError);
  CHECK_THROWS_AS(value.at("a").text(), JsonError);
  CHECK_THROWS_AS(value.at("a").begin(), JsonError);
  CHECK_THROWS_AS(value.at("a").get<std::string>(), JsonError);
  CHECK_THROWS_AS(Json::array({1}).at(1), JsonError);
  CHECK_THROWS_AS(Json("x").get<double>(), JsonError);
}

TEST_CASE("a list of objects is read in time proportional to its length") {
  const double tenth = seconds_to_parse(list_of_objects(20000));
  const double whole = seconds_to_parse(list_of_objects(200000));
  CAPTURE(tenth, whole);
  CHECK(whole < 50 * tenth + 1.0);  // in quadratic time it took 100 times as long, minutes
}

TEST_CASE("text of more values than memory is meant for is refused") {
  CHECK_THROWS_WITH(parse(list_of_objects((1 << 21) + 1)),
                    Catch::Matchers::Contains("a.json: holds more than 2097152 values"));
}

}  // namespace
}  // namespace bnn
