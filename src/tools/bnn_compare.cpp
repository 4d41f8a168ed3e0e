#include "bnn/comparison/compare_run.h"
#include "commands.h"
#include "printed_texts.h"
#include "program.h"

namespace {

constexpr auto kCompareDescription =
    "Shows runs of bnn-train beside each other: the best epoch of each, by the NLL on held-out\n"
    "images, and the settings that differ. It reads config.json and metrics.jsonl alone, so runs\n"
    "may still be going on.\n";

constexpr auto kCompareExamples =
    "\nExamples:\n"
    "  bnn-compare runs/*\n"
    "  bnn-compare runs/* --format csv > runs.csv\n"
    "  bnn-compare runs/a runs/b --html comparison.html\n";

}  // namespace

int bnn::compare_command(int argc, char** argv) {
  bnn::CompareOptions options;
  std::string format = "text";
  CLI::App app(kCompareDescription, "bnn-compare");
  app.footer(kCompareExamples);
  app.add_option("RUN", options.runs, "Folders of runs")->required();
  app.option_defaults()->group("Output");
  app.add_option("--format", format, "text (default) or csv")
      ->check(CLI::IsMember({"text", "csv"}))
      ->option_text("NAME");
  app.add_option("--html", options.html, "Also write a page with the curves of the runs")
      ->option_text("FILE.html");
  int threads = 1;
  const bnn::CommonOptions common{threads, options.verbosity};
  bnn::add_common_options(app, common);
  bnn::add_printed_texts(app);
  return bnn::run_program(app, argc, argv, [&] {
    options.csv = format == "csv";
    return bnn::run_comparison(options);
  });
}
