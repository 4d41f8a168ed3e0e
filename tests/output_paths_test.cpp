#include "bnn/app/output_paths.h"

#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "temporary_directory.h"

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
  CHECK_FALSE(refuses({{"--save-samples", ""}, {"--report", ""}}, {base + "/model"}));
}
