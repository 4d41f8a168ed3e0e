#pragma once
// bnn-compare from options to exit code: runs beside each other, on stdout or as a page.

#include <string>
#include <vector>

namespace bnn {

struct CompareOptions {
  std::vector<std::string> runs;  // folders
  bool csv = false;
  std::string html;  // the page to write, "" for none
};

int run_comparison(const CompareOptions& options);

}  // namespace bnn
