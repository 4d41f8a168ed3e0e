#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/core/json_reader.h"
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

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

bool is_printable(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 32 && c < 127; });
}

}  // namespace

TEST_CASE("all unknown keys are listed at once, each with the likely meaning") {
  const auto read = [](ObjectReader& r) {
    r.integer("kernel_size", {.fallback = 1});
    r.integer("epochs", {.fallback = 1});
    r.finish();
  };
  CHECK(problems_of(R"({"kernal_size": 1, "epochs": 2, "Epoch": 3, "zebra": null})", read) ==
        "a.json: /kernal_size: unknown key (did you mean \"kernel_size\"?); "
        "/Epoch: unknown key (did you mean \"epochs\"?); /zebra: unknown key");
}

TEST_CASE("a long list of problems is cut and counted, and stays below 500 bytes") {
  std::string text = "{";
  for (int i = 0; i < 100; ++i) text += (i ? ", \"key" : "\"key") + std::to_string(i) + "\": 1";
  const std::string message = problems_of(text + "}", [](ObjectReader& r) { r.finish(); });
  CHECK(message.size() <= 480);  // and the name of the program before it
  std::size_t listed = 0;
  for (std::size_t at = 0; (at = message.find("unknown key", at)) != std::string::npos; ++at) {
    ++listed;
  }
  CHECK(listed > 5);
  const std::string end = "; and " + std::to_string(100 - listed) + " more";
  CHECK(message.substr(message.size() - end.size()) == end);
}

TEST_CASE("long names, keys and values are cut") {
  const std::string text =
      "{\"" + std::string(5000, 'k') + "\": \"" + std::string(5000, 'v') + "\"}";
  const Json document = parse_json(text, "a.json", ErrorKind::config);
  Problems problems(std::string(3000, 's'));
  ObjectReader reader(document, "", problems);
  reader.finish();
  reader.problem("x", "found " + json_text(document.items().front().value));
  const std::string message =
      error_message(ErrorKind::config, [&] { problems.raise_if_any(ErrorKind::config); });
  CHECK(message.size() > 200);
  CHECK(message.size() <= 480);
  CHECK(json_text(document.items().front().value).size() <= 64);
}

TEST_CASE("control characters never reach a message as they are") {
  const std::string key = R"(\u001b[31m\n\u0007\u0000\u007f\u0085\u202e)";
  const auto read = [](ObjectReader& r) {
    r.integer("n", {});
    r.choice("c", {"one"}, "one");
    r.text("t", "");
    r.finish();
  };
  const std::string message = problems_of(
      "{\"" + key + "\": 1, \"n\": \"" + key + "\", \"c\": \"" + key + "\", \"t\": 1}", read);
  CHECK(contains(message, "/n: "));
  CHECK(contains(message, "/c: "));
  CHECK(contains(message, "u001b"));
  CHECK(is_printable(message));
  CHECK(is_printable(parse_error("{\"" + key + "\": 1, \"" + key + "\": 2}")));
  CHECK(is_printable(parse_error("{\x1b[31m}")));
  CHECK(is_printable(parse_error("{\"\xc3\x28\": 1}")));
}

TEST_CASE("the nearest candidate is given only for a slip") {
  const std::vector<std::string> words = {"filters", "kernel_size", "padding"};
  CHECK(closest("filter", words) == "filters");
  CHECK(closest("Kernel-Size", words) == "kernel_size");
  CHECK(closest("pdading", words) == "padding");
  CHECK(!closest("units", words));
  CHECK(!closest("", words));
  CHECK(!closest(std::string(100000, 'p'), words));
}

TEST_CASE("the resolved document is complete and reads back as the same values") {
  const auto read = [](ObjectReader& r) {
    r.integer("epochs", {.min = 0, .fallback = 10});
    r.real("rate", {.min = 0.0, .fallback = 0.001});
    r.boolean("flip", false);
    r.text("name", "run");
    r.choice("padding", {"valid", "same"}, "valid");
    r.integers("strides", 2, {.min = 1, .fallback = 1});
    r.texts("files", std::vector<std::string>{"a", "b"});
    r.object("kl", [](ObjectReader& inner) { inner.real("weight", {.fallback = 1.0}); });
    r.finish();
  };
  const auto resolve = [&](const std::string& text) {
    const Json document = parse_json(text, "a.json", ErrorKind::config);
    Problems problems("a.json");
    ObjectReader reader(document, "", problems);
    read(reader);
    CHECK(problems.empty());
    return reader.resolved().dump();
  };
  const std::string defaults = resolve("{}");
  CHECK(defaults == R"({"epochs":10,"rate":0.001,"flip":false,"name":"run","padding":"valid",)"
                    R"("strides":[1,1],"files":["a","b"],"kl":{"weight":1.0}})");
  CHECK(resolve(defaults) == defaults);
  const std::string given = resolve(R"({"kl": {"weight": 0.1}, "strides": 2, "padding": "SAME",
                                        "rate": 1, "files": "c"})");
  CHECK(given == R"({"epochs":10,"rate":1.0,"flip":false,"name":"run","padding":"same",)"
                 R"("strides":[2,2],"files":["c"],"kl":{"weight":0.1}})");
  CHECK(resolve(given) == given);
}

TEST_CASE("a problem is reported once, where the user wrote what is wrong") {
  Problems problems("a.json");
  problems.redirect("/layers/0/kl", "/defaults/kl");
  problems.redirect("/layers/1/kl", "/defaults/kl");
  problems.add("/layers/0/kl/weight", "bad");
  problems.add("/layers/1/kl/weight", "bad");
  problems.add("/layers/0/klx", "bad");
  problems.add("/layers/2/kl", "bad");
  try {
    problems.raise_if_any(ErrorKind::config);
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(std::string(error.what()) ==
          "a.json: /defaults/kl/weight: bad; /layers/0/klx: bad; /layers/2/kl: bad");
  }
}
