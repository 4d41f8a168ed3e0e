// That names survive a power cut is shown by tests/proof/power_loss.

#include "bnn/files/durable_folder.h"

#include <filesystem>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "support/data_files.h"
#include "support/temporary_directory.h"

namespace bnn::testing {

TEST_CASE("a durable folder is made with those above it, and may be there already") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("a/b/c");
  for (int i = 0; i < 2; ++i) {
    make_durable_folder(path);
    CHECK(std::filesystem::is_directory(path));
  }
  make_durable_folder(path + "/../d/");
  CHECK(std::filesystem::is_directory(directory.file("a/b/d")));
}

TEST_CASE("a durable folder where a file is in the way is an error that names it") {
  const TemporaryDirectory directory;
  write_text(directory.file("file"), "");
  const std::string path = directory.file("file/folder");
  CHECK_THROWS_WITH(make_durable_folder(path),
                    Catch::Contains("file/folder: cannot create the folder: Not a directory"));
  CHECK_THROWS_AS(sync_folder(directory.file("nowhere")), Error);
}

}  // namespace bnn::testing
