#include "bnn/data/class_names.h"

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "support/data_files.h"
#include "support/temporary_directory.h"

namespace bnn {
namespace {

using Catch::Matchers::Contains;
using testing::TemporaryDirectory;
using testing::write_text;
using Names = std::vector<std::string>;

template <typename Call>
std::string problem(ErrorKind kind, const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    CHECK(error.kind() == kind);
    return error.what();
  }
  return "";
}

TEST_CASE("class names come from a list or a text file") {
  TemporaryDirectory directory;
  DataConfig config;
  CHECK(load_class_names(config, "", 3).empty());
  config.class_names = {"cat", "dog"};
  CHECK(load_class_names(config, "", 2) == Names{"cat", "dog"});
  CHECK_THAT(problem(ErrorKind::config, [&] { load_class_names(config, "", 3); }),
             Contains("/data/class_names: expected 3 class names") && Contains("found 2"));

  config = {};
  config.class_names_file = "names";
  for (const char* text : {"cat\nsea lion", "cat\nsea lion\n", "cat\r\nsea lion\r\n\r\n\n"}) {
    write_text(directory.file("names"), text);
    CHECK(load_class_names(config, directory.path(), 2) == Names{"cat", "sea lion"});
  }
  const auto load = [&] { load_class_names(config, directory.path(), 2); };
  write_text(directory.file("names"), "cat\n\ndog\n");
  CHECK_THAT(problem(ErrorKind::data, load), Contains("line 2 is blank"));
  write_text(directory.file("names"), "cat\n\xFF\n");
  CHECK_THAT(problem(ErrorKind::data, load), Contains("line 2 is not UTF-8"));
  write_text(directory.file("names"), "");
  CHECK_THAT(problem(ErrorKind::data, load), Contains("found 0"));
  write_text(directory.file("names"), std::string((1 << 20) + 1, '\n'));
  CHECK_THAT(problem(ErrorKind::data, load), Contains("at most 1048576 bytes"));
}

}  // namespace
}  // namespace bnn
