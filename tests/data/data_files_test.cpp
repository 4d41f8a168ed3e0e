#include "bnn/data/data_files.h"

#include <catch2/catch.hpp>

namespace bnn {
namespace {

TEST_CASE("relative names are seen from the directory") {
  CHECK(resolve_path("", "a") == "a");
  CHECK(resolve_path("d", "a/b") == "d/a/b");
  CHECK(resolve_path("d/", "a") == "d/a");
  CHECK(resolve_path("d", "/a") == "/a");
  CHECK(resolve_path("d", "-") == "-");
  CHECK(resolve_path("/", "a") == "/a");
}

TEST_CASE("the paths of a set are those of its files, then of images and labels") {
  using Paths = std::vector<std::string>;
  CHECK(resolved_paths({{"a", "/b"}, "", ""}, "d") == Paths{"d/a", "/b"});
  CHECK(resolved_paths({{}, "i", "l"}, "d") == Paths{"d/i", "d/l"});
}

}  // namespace
}  // namespace bnn
