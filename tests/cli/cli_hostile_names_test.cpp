// Names that strangers chose, of files and classes: no output lets them steer a terminal, a browser
// or a spreadsheet.

#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/core/display_text.h"
#include "bnn/core/utf8.h"
#include "support/image_files.h"
#include "support/json_document.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

// Clears the screen, rings, begins a sequence by one C1 character, and turns the direction.
const std::string kHostile = "z\x1b[2J\x07\x7f\u009b31m\u202e\u2066.";

Json config_with_hostile_classes() {
  Json config = tiny_config();
  Json names = Json::array();
  for (int k = 0; k < 10; ++k) names.push_back(kHostile + std::to_string(k));
  names[3] = "=1+1";
  config["data"]["class_names"] = names;
  return config;
}

// Line feeds apart, nothing that steers a display.
void check_harmless(const std::string& text) {
  CHECK(is_utf8(text));
  for (std::string_view rest = text; !rest.empty();) {
    const Utf8Character character = first_character(rest);
    rest.remove_prefix(character.bytes);
    if (character.code == U'\n' || !steers_display(character.code)) continue;
    CAPTURE(static_cast<unsigned>(character.code));
    FAIL_CHECK("a character that steers the display");
    return;
  }
}

void check_harmless(const ProgramRun& run) {
  INFO(run.err);
  CHECK(run.exit_code == 0);
  check_harmless(run.out);
  check_harmless(run.err);
}

}  // namespace

TEST_CASE("hostile names of classes reach no output of the programs") {
  const TrainedRun tiny(config_with_hostile_classes());
  check_harmless(tiny.train({"--print-config"}));
  for (const char* file : {"run/train.log", "run/metrics.jsonl", "run/config.json"}) {
    CAPTURE(file);
    check_harmless(tiny.read(file));
  }
  check_harmless(tiny.eval({"--report", "report.html"}));
  check_harmless(tiny.read("report.html"));
  const ProgramRun json = tiny.eval({"--format", "json"});
  check_harmless(json);
  CHECK(parsed(json.out).at("per_class").at(0).at("class") == kHostile + "0");
  const ProgramRun csv = tiny.predict({"test-images", "--format", "csv", "--top-k", "10"});
  check_harmless(csv);
  CHECK(csv.out.find(",z?[2J???31m??.0,") != std::string::npos);
  CHECK(csv.out.find(",'=1+1,") != std::string::npos);
  const ProgramRun lines = tiny.predict({"test-images", "--top-k", "10"});
  check_harmless(lines);
  CHECK(lines.out.find("z\\u001b[2J\\u0007\\u007f\\u009b31m\\u202e\\u2066.0") != std::string::npos);
}

TEST_CASE("hostile names of files reach no output of the programs") {
  const TrainedRun tiny;
  const std::string folder = tiny.file(kHostile);
  std::filesystem::create_directory(folder);
  write_bytes(folder + "/=a.png", pattern_png(1, kTinyTestPattern));
  write_text(folder + "/broken.png", "no image");
  for (const char* format : {"jsonl", "csv"}) {
    const ProgramRun run =
        tiny.predict({kHostile, "--skip-errors", "--format", format, "--verbose"});
    check_harmless(run);
    CHECK(run.err.find("broken.png") != std::string::npos);
  }
  const ProgramRun missing = tiny.predict({kHostile + "\n/nothing.png"});
  CHECK(missing.exit_code == 4);
  check_harmless(missing.err);
  CHECK(std::count(missing.err.begin(), missing.err.end(), '\n') == 1);
  std::filesystem::copy_file(tiny.file("tiny.json"), folder + "/tiny.json");
  const ProgramRun train =
      tiny.train_raw({"--config", kHostile + "/tiny.json", "--data", ".", "--out",
                      kHostile + "/run", "--epochs", "1", "--verbose"});
  check_harmless(train);
  check_harmless(read_bytes(folder + "/run/train.log"));
}

}  // namespace bnn::testing
