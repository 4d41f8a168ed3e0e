// Files that earlier programs wrote stay readable for good: their checkpoints load, evaluate and
// predict to the numbers that were stored with them, and their runs go on. README.md beside this
// file says what is stored and how to add what a later program writes.

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include <catch2/catch.hpp>

#include "bnn/checkpoint/checkpoint.h"
#include "support/data_files.h"
#include "support/json_document.h"
#include "support/places.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

namespace fs = std::filesystem;

constexpr int kPredicted = 3;  // images; the stored files are to be small
constexpr int kStopStep = 8;

const std::string kLast = "run/checkpoints/last.safetensors";
const std::string kBest = "run/checkpoints/best.safetensors";

std::string old_files() { return source_directory() + "/tests/old_files"; }

Json config_of(const std::string& what) {
  return parsed(read_bytes(old_files() + "/" + what + "/config.json"));
}

std::vector<std::string> folders_in(const std::string& path) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path)) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  return names;
}

// Programs in the folder of a tiny run's data; they may be those of another build.
class Session {
 public:
  Session(const Json& config, const std::string& programs) : tiny_(config), programs_(programs) {
    write_idx_images(tiny_.file("few-images"), kPredicted, 8, 8, 1, kTinyTestPattern);
    write_text(tiny_.file("few.bin"), cifar_records(kPredicted, kTinyTestPattern));
    few_ = config.at("data").at("format") == "idx" ? "few-images" : "few.bin";
  }

  std::string file(const std::string& name) const { return tiny_.file(name); }

  std::string run(const std::string& program, const Words& words) const {
    const ProgramRun run =
        run_program(programs_ + "/" + program, words, {.directory = tiny_.path()});
    INFO(program << ": " << run.err);
    REQUIRE(run.exit_code == 0);
    return run.out;
  }

  // The numbers of the checkpoints in "run", each output under the name of its file.
  std::vector<std::pair<std::string, std::string>> outputs() const {
    const Words json = {"--data", ".", "--format", "json"};
    const auto eval = [&](const std::string& checkpoint, Words words) {
      words.insert(words.begin(), checkpoint);
      words.insert(words.end(), json.begin(), json.end());
      return run("bnn-eval", words);
    };
    return {{"evaluation.json", eval(kLast, {})},
            {"best.json", eval(kBest, {"--split", "validation", "--mean-weights"})},
            {"calibrated.json", eval(kLast, {"--temperature", "--conformal", "0.7"})},
            {"predictions.jsonl", run("bnn-predict", {kLast, few_, "--samples", "5"})}};
  }

 private:
  TinyRun tiny_;
  std::string programs_, few_;
};

// A config names the folder of its data by an absolute path, which the stored files must not do.
void hide_directory(const std::string& path) {
  Json config = parsed(read_bytes(path));
  config["data"]["directory"] = ".";
  write_text(path, config.dump() + "\n");
}

// Without the long lists, which say little more than the numbers beside them.
std::string shortened(const std::string& name, const std::string& text) {
  if (name.ends_with(".jsonl")) return text;
  Json evaluation = parsed(text);
  for (const char* list :
       {"per_class", "confusion_matrix", "calibration", "risk_coverage", "intervals"}) {
    evaluation.erase(list);
  }
  return evaluation.dump() + "\n";
}

// Makes what is stored of one config: a run that stopped in the middle, its calibration, the
// numbers of its checkpoints, and the log of the same run without the stop.
void write_old_files(const std::string& what, const std::string& programs,
                     const std::string& folder) {
  const Session session(config_of(what), programs);
  const Words train = {"--config", "tiny.json", "--data", ".", "--out"};
  const auto trained = [&](const std::string& out, const Words& more) {
    Words words = train;
    words.push_back(out);
    words.insert(words.end(), more.begin(), more.end());
    session.run("bnn-train", words);
  };
  trained("whole", {});
  trained("run", {"--max-steps", std::to_string(kStopStep)});
  session.run("bnn-eval", {kLast, "--data", ".", "--fit-calibration"});
  fs::create_directories(folder);
  for (const auto& [name, text] : session.outputs()) {
    write_text(folder + "/" + name, shortened(name, text));
  }
  hide_directory(session.file("run/config.json"));
  fs::remove(session.file("run/train.log"));
  fs::copy(session.file("run"), folder + "/run", fs::copy_options::recursive);
  fs::copy(session.file("whole/metrics.jsonl"), folder + "/whole.jsonl");
}

bool is_of_the_clock(const std::string& key) {
  return key == "examples_per_second" || key == "elapsed_seconds";
}

// Every value that was stored is still there; outputs may have gained keys.
void check_same(const Json& stored, const Json& found, double tolerance, const std::string& place) {
  INFO(place);
  if (stored.is_object()) {
    for (const auto& [key, value] : stored.items()) {
      if (is_of_the_clock(key)) continue;
      REQUIRE(found.contains(key));
      check_same(value, found.at(key), tolerance, place + "/" + key);
    }
  } else if (stored.is_array()) {
    REQUIRE(found.size() == stored.size());
    for (std::size_t i = 0; i < stored.size(); ++i) {
      check_same(stored[i], found[i], tolerance, place + "/" + std::to_string(i));
    }
  } else if (stored.is_number()) {
    CHECK(found.get<double>() == Approx(stored.get<double>()).epsilon(tolerance).margin(tolerance));
  } else if (place.ends_with("/abstain") && stored == false) {
    CHECK((found == false || found.is_null()));  // null now, where no threshold was given
  } else {
    CHECK(found == stored);
  }
}

// Texts of one JSON value a line.
void check_same_text(const std::string& stored, const std::string& found, double tolerance,
                     const std::string& place) {
  const std::vector<Json> before = json_lines(stored), now = json_lines(found);
  REQUIRE(now.size() == before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    check_same(before[i], now[i], tolerance, place + ":" + std::to_string(i + 1));
  }
}

// This build's programs on what is stored in the folder. Other kernels and processors round
// otherwise, and steps carry that on.
void check_old_files(const std::string& what, const std::string& folder, double tolerance) {
  const Session session(config_of(what), binary_directory());
  fs::copy(folder + "/run", session.file("run"), fs::copy_options::recursive);
  for (const auto& [name, text] : session.outputs()) {
    const std::string stored = read_bytes(folder + "/" + name);
    if (name.ends_with(".jsonl")) {
      check_same_text(stored, text, tolerance, name);
    } else {
      check_same(parsed(stored), parsed(text), tolerance, name);
    }
  }
  session.run("bnn-train", {"--resume", "--data", ".", "--out", "run"});
  check_same_text(read_bytes(folder + "/whole.jsonl"),
                  read_bytes(session.file("run/metrics.jsonl")), 10 * tolerance, "metrics.jsonl");
  // Also if the best checkpoint was carried by the last one, because it could not be written.
  CHECK(load_checkpoint(session.file(kBest)).state.epoch ==
        load_checkpoint(session.file(kLast)).state.best_epoch);
}

}  // namespace

TEST_CASE("files of earlier programs load, evaluate, predict and resume to the stored numbers") {
  int seen = 0;
  for (const std::string& what : folders_in(old_files())) {
    for (const std::string& revision : folders_in(old_files() + "/" + what)) {
      CAPTURE(what, revision);
      const std::string folder = old_files() + "/" + what + "/" + revision;
      check_old_files(what, folder, 1e-4);
      // It knew no others.
      if (revision == "f656e21") {
        CHECK(load_checkpoint(folder + "/" + kLast).config.training.products ==
              ProductsKind::openblas);
      }
      ++seen;
    }
  }
  CHECK(seen >= 3);
  for (const char* what : {"flipout", "estimators", "channels_first"}) {
    CHECK(fs::exists(old_files() + "/" + what + "/f656e21"));
  }
}

// With BNN_OLD_PROGRAMS and BNN_OLD_REVISION set, it stores what the programs in that folder write.
TEST_CASE("files of this build give exactly the numbers that are stored with them") {
  const char* programs = std::getenv("BNN_OLD_PROGRAMS");
  const char* revision = std::getenv("BNN_OLD_REVISION");
  for (const std::string& what : folders_in(old_files())) {
    CAPTURE(what);
    if (programs != nullptr && revision != nullptr) {
      write_old_files(what, programs, old_files() + "/" + what + "/" + revision);
      continue;
    }
    const TemporaryDirectory directory;
    write_old_files(what, binary_directory(), directory.file("now"));
    check_old_files(what, directory.file("now"), 0);
  }
}

}  // namespace bnn::testing
