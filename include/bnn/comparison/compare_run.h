#pragma once
// bnn-compare from options to exit code: runs beside each other, on stdout or as a page.

#include <string>
#include <vector>

#include "bnn/process/run_log.h"

namespace bnn {

struct CompareOptions {
  std::vector<std::string> runs;  // folders
  bool csv = false;
  std::string html;  // the page to write, "" for none
  Verbosity verbosity = Verbosity::normal;
};

/// Folders that hold no run are left out, which the log says. Throws Error(usage) if none is left.
int run_comparison(const CompareOptions& options);

}  // namespace bnn
