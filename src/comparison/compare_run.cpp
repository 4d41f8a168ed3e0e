#include "bnn/comparison/compare_run.h"

#include <cstdio>

#include "bnn/checkpoint/run_folder.h"
#include "bnn/comparison/comparison_page.h"
#include "bnn/comparison/comparison_text.h"
#include "bnn/core/display_text.h"
#include "bnn/files/atomic_file.h"
#include "bnn/process/output_paths.h"

namespace bnn {

int run_comparison(const CompareOptions& options) {
  RunLog log("bnn-compare", options.verbosity);
  std::vector<RunSummary> runs;
  std::vector<std::string> read;
  for (const std::string& folder : options.runs) {
    try {
      runs.push_back(read_run_summary(folder));
    } catch (const Error& error) {
      const bool is_last = &folder == &options.runs.back() && runs.empty();
      if (error.kind() != ErrorKind::usage || is_last) throw;
      log.warning(printable_line(std::string("left out ") + error.what()));
    }
    for (const std::string& file : run_files(folder + "/checkpoints/last.safetensors")) {
      read.push_back(file);
    }
  }
  check_outputs({{"--html", options.html}}, read);
  if (!options.html.empty()) write_file_atomically(options.html, comparison_page(runs));
  const std::string text = options.csv ? comparison_csv(runs) : comparison_table(runs);
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace bnn
