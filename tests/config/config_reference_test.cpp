// The reference of config keys against the page that shows it, and against changed schemas.

#include "bnn/config/config_reference.h"

#include <filesystem>
#include <string>

#include <catch2/catch.hpp>

#include "bnn/config/run_config.h"
#include "support/places.h"
#include "support/run_program.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

constexpr auto kBegin = "<!-- reference: begin; made by bnn-train --print-reference -->\n";
constexpr auto kEnd = "<!-- reference: end -->\n";

// What stands between the two marks of configs/README.md.
std::string shown_reference() {
  const std::string page = read_bytes(source_directory() + "/configs/README.md");
  const std::size_t begin = page.find(kBegin), end = page.find(kEnd);
  REQUIRE(begin != std::string::npos);
  REQUIRE(end != std::string::npos);
  const std::size_t start = begin + std::string(kBegin).size();
  return page.substr(start, end - start);
}

std::string fault_of(const Json& schema) {
  try {
    config_reference(schema);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::internal);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("configs/README.md shows the reference that bnn-train prints") {
  const ProgramRun run = run_program("bnn-train", {"--print-reference"});
  CHECK(run.exit_code == 0);
  CHECK(run.out == config_reference(run_config_schema()));
  INFO("put the output of bnn-train --print-reference between the marks of configs/README.md");
  CHECK((shown_reference() == "\n" + run.out + "\n"));
}

TEST_CASE("a key without a sentence and a sentence without a key are refused") {
  Json schema = run_config_schema();
  CHECK(fault_of(schema) == "");
  Json more = schema;
  more["properties"]["colour"] = {{"type", "integer"}};
  CHECK(fault_of(more).find("no sentence for The whole document: key colour") != std::string::npos);
  Json fewer = schema;
  fewer["properties"]["training"]["properties"].erase("shards");
  CHECK(fault_of(fewer).find("no config has training: key shards") != std::string::npos);
  Json object = schema;
  object["properties"]["colour"] = {{"type", "object"}, {"properties", Json::object()}};
  CHECK(fault_of(object).find("no section for colour") != std::string::npos);
}

}  // namespace bnn::testing
