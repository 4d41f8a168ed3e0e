#include "bnn/process/output_paths.h"

#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "bnn/core/input_file.h"
#include "support/temporary_directory.h"

using namespace bnn;
using namespace bnn::testing;

TEST_CASE("an output may be neither an input nor another output, by whatever name") {
  const TemporaryDirectory folder;
  const std::string base = folder.path();
  std::ofstream(base + "/model") << "x";
  std::filesystem::create_symlink("model", base + "/link");
  const auto refuses = [](const std::vector<OutputPath>& outputs,
                          const std::vector<std::string>& inputs) {
    try {
      check_outputs(outputs, inputs);
      return false;
    } catch (const Error& error) {
      return error.kind() == ErrorKind::usage;
    }
  };
  CHECK(refuses({{"--report", base + "/model"}}, {"-", base + "/model"}));
  CHECK(refuses({{"--report", base + "/./model"}}, {base + "/model"}));
  CHECK(refuses({{"--report", base + "/link"}}, {base + "/model"}));
  CHECK(refuses({{"--save-samples", base + "/new"}, {"--report", base + "/./new"}}, {}));
  CHECK_FALSE(refuses({{"--save-samples", base + "/new"}, {"--report", base + "/newer"}},
                      {base + "/model", "-", ""}));
  CHECK(refuses({{"--report", "-"}}, {}));
  CHECK_FALSE(refuses({{"--output", "-", true}}, {"-"}));
  CHECK_FALSE(refuses({{"--save-samples", ""}, {"--report", ""}}, {base + "/model"}));
}

TEST_CASE("standard output is no path or a dash, and a file is known by all of its names") {
  CHECK(is_standard_output(""));
  CHECK(is_standard_output("-"));
  CHECK_FALSE(is_standard_output("./-"));
  const TemporaryDirectory folder;
  const std::string base = folder.path();
  std::ofstream(base + "/a") << "x";
  std::ofstream(base + "/b") << "x";
  std::filesystem::create_hard_link(base + "/a", base + "/hard");
  CHECK(is_same_file(base + "/a", base + "/hard"));
  CHECK(is_same_file(base + "/none", base + "/./none"));
  CHECK_FALSE(is_same_file(base + "/a", base + "/b"));
  CHECK(is_same_file("not-there-yet", "./not-there-yet"));
  CHECK_FALSE(is_same_file("not-there-yet", "./not-there-either"));
}

TEST_CASE("standard input is read once") {
  CHECK_NOTHROW(check_standard_input({"a", "-", "b", "a"}));
  CHECK_THROWS_WITH(check_standard_input({"-", "a", "-"}), Catch::Contains("only once"));
}
