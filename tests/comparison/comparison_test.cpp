// bnn-compare: runs beside each other, from what their folders hold.

#include <filesystem>

#include <catch2/catch.hpp>

#include "bnn/comparison/comparison_page.h"
#include "bnn/comparison/comparison_text.h"
#include "bnn/core/error.h"
#include "support/data_files.h"
#include "support/json_document.h"
#include "support/markup_check.h"
#include "support/temporary_directory.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

namespace fs = std::filesystem;

class Runs {
 public:
  void add(const std::string& name, const std::string& config, const std::string& metrics) {
    fs::create_directories(folder_.file(name));
    write_text(folder_.file(name + "/config.json"), config);
    write_text(folder_.file(name + "/metrics.jsonl"), metrics);
    summaries.push_back(read_run_summary(folder_.file(name)));
  }
  std::string path(const std::string& name) const { return folder_.file(name); }

  std::vector<RunSummary> summaries;

 private:
  TemporaryDirectory folder_;
};

std::string train_line(int epoch, double nll) {
  return Json{{"event", "train"}, {"epoch", epoch},   {"step", 5 * epoch},
              {"nll", nll},       {"kl", 80},         {"examples", 40},
              {"loss", 1},        {"accuracy", 0.25}, {"elapsed_seconds", 61.5 * epoch}}
             .dump() +
         "\n";
}

std::string validation_line(int epoch, double nll, double accuracy) {
  return Json{{"event", "validation"},
              {"epoch", epoch},
              {"nll", nll},
              {"accuracy", accuracy},
              {"ece", 0.125}}
             .dump() +
         "\n";
}

void add_two(Runs& runs) {
  runs.add("a", R"({"name": "a", "data": {"directory": "/x"}, "training": {"seed": 0, "epochs": 2},
                    "model": {"layers": [{"filters": 8}, {"units": 10}]}})",
           train_line(1, 2) + validation_line(1, 1.5, 0.5) + train_line(2, 1) +
               validation_line(2, 1.75, 0.625) + "half a li");
  runs.add("b", R"({"name": "b", "data": {"directory": "/y"}, "training": {"seed": 1, "epochs": 2},
                    "model": {"layers": [{"filters": 8}, {"units": 10, "name": "x,\"y"}]}})",
           train_line(1, 3) + validation_line(1, 1.25, 0.75));
}

}  // namespace

TEST_CASE("a summary has the best epoch of a run, and what its last epoch came to") {
  Runs runs;
  add_two(runs);
  const RunSummary& a = runs.summaries[0];
  CHECK(a.epochs == 2);
  CHECK(a.steps == 10);
  CHECK(a.seconds == 123);
  CHECK(a.train_nll == 1.0);
  CHECK(a.kl == 2.0);
  CHECK(a.best_epoch == 1);
  CHECK(a.validation_nll == 1.5);
  CHECK(a.validation_accuracy == 0.5);
  CHECK(a.history.validation_nll.size() == 2);
  CHECK(best_of(runs.summaries) == 1);
}

TEST_CASE("the time of a run is that of all processes that trained it") {
  Runs runs;
  const auto line = [](double elapsed, double rate) {
    Json resumed = parsed(train_line(3, 1));
    resumed["elapsed_seconds"] = elapsed;
    if (rate > 0) resumed["examples_per_second"] = rate;
    return resumed.dump() + "\n";
  };
  const std::string before = train_line(1, 2) + train_line(2, 1);  // 123 seconds, 40 examples each
  runs.add("less", "{}", before + line(10, 0));
  runs.add("more", "{}", before + line(133, 40.0 / 130));
  runs.add("same", "{}", before + line(133, 40.0 / 9));
  CHECK(runs.summaries[0].seconds == 133);
  CHECK(runs.summaries[1].seconds == 256);
  CHECK(runs.summaries[2].seconds == 133);
}

TEST_CASE("settings that differ are named, those of names and places are not") {
  Runs runs;
  add_two(runs);
  CHECK(differing_settings(runs.summaries) ==
        std::vector<std::string>{"model.layers.1.name", "training.seed"});
  CHECK(setting_of(runs.summaries[0], "model.layers.1.name") == "-");
  CHECK(setting_of(runs.summaries[1], "training.seed") == "1");
  CHECK(differing_settings({runs.summaries[0], runs.summaries[0]}).empty());
}

TEST_CASE("the table and CSV of a comparison have a row for each run") {
  Runs runs;
  add_two(runs);
  runs.add("c", "{}", "");
  const std::vector<std::string> lines = lines_of(comparison_table(runs.summaries));
  CHECK(lines[0].find("val. nll  accuracy") != std::string::npos);
  CHECK(lines[1].find("1.5000    0.5000  0.1250     1.0000  2.000  2m3s") != std::string::npos);
  CHECK(lines[2].find("/b *") != std::string::npos);
  CHECK(lines[3].find("-") != std::string::npos);
  const std::vector<std::string> csv = lines_of(comparison_csv(runs.summaries));
  REQUIRE(csv.size() == 4);
  CHECK(csv[0].starts_with("run,epochs,steps,best_epoch,validation_nll,"));
  CHECK(csv[1].find(",2,10,1,1.5,0.5,0.125,1,2,123,") != std::string::npos);
  CHECK(csv[2].find("\"x,\"\"y\"") != std::string::npos);
  CHECK(csv[3].find(",0,0,,,,,,,0,") != std::string::npos);
}

TEST_CASE("a comparison of many runs or networks stays as wide as a terminal") {
  Runs runs;
  for (int i = 0; i < 12; ++i) {
    Json layers = Json::array();
    for (int k = 0; k <= i; ++k) layers.push_back({{"filters", k}, {"name", "layer"}});
    const Json config = {{"model", {{"layers", layers}}}, {"training", {{"seed", i}}}};
    runs.add("a run with a long name " + std::to_string(i), config.dump(), train_line(1, 1e300));
  }
  const std::string table = comparison_table(runs.summaries);
  for (const std::string& line : lines_of(table)) CHECK(line.size() <= 120);
  CHECK(table.find("12 layers") != std::string::npos);
  CHECK(table.find("settings of layers differ; --format csv has them") != std::string::npos);
  CHECK(table.find("layers.3") == std::string::npos);
}

TEST_CASE("the page of a comparison is well-formed, with curves and settings, whatever the names") {
  Runs runs;
  add_two(runs);
  runs.add("<b>&\"", "{}", validation_line(1, 2, 0.5));
  const std::string page = comparison_page(runs.summaries);
  CHECK(tag_faults(page).empty());
  CHECK(page.find("NLL on the held-out images") != std::string::npos);
  CHECK(page.find("training.seed") != std::string::npos);
  CHECK(page.find("<b>&\"") == std::string::npos);
}

TEST_CASE("bnn-compare reads runs and writes a table, CSV and a page") {
  const TrainedRun tiny;
  REQUIRE(tiny.train({"--out", "other", "--seed", "3"}).exit_code == 0);
  const auto compare = [&](Words words) {
    return StartedProgram("bnn-compare", words, {.directory = tiny.path()}).wait();
  };
  const ProgramRun table = compare({"run", "other", "--html", "page.html"});
  CHECK(table.exit_code == 0);
  CHECK(table.out.find("\ntraining.seed ") != std::string::npos);
  CHECK(tiny.read("page.html").find("Comparison of 2 runs") != std::string::npos);
  CHECK(lines_of(compare({"run", "other", "--format", "csv"}).out).size() == 3);
  const ProgramRun some = compare({"nothing", "run", "other"});
  CHECK(some.exit_code == 0);
  CHECK(some.err.find("left out nothing: expected the folder of a run") != std::string::npos);
  CHECK(some.out == compare({"run", "other"}).out);
  check_failure(compare({"nothing"}), "bnn-compare", 2, "nothing: expected the folder of a run");
  check_failure(compare({"run", "--html", "run/config.json"}), "bnn-compare", 2, "config.json");
}

}  // namespace bnn::testing
