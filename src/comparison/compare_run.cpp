#include "bnn/comparison/compare_run.h"

#include <cstdio>

#include "bnn/checkpoint/run_folder.h"
#include "bnn/comparison/comparison_page.h"
#include "bnn/comparison/comparison_text.h"
#include "bnn/files/atomic_file.h"
#include "bnn/process/output_paths.h"

namespace bnn {

int run_comparison(const CompareOptions& options) {
  std::vector<RunSummary> runs;
  std::vector<std::string> read;
  for (const std::string& folder : options.runs) {
    runs.push_back(read_run_summary(folder));
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
