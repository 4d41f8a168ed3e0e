// Puts one number that is not finite, or hardly, into a network, and says whether it was noticed.
//
//     bnn-proof-faults --cases all --step 100      every hundredth
//     bnn-proof-faults --cases 4711:4712           one, as a finding names it
//     bnn-proof-faults --control                   those of a layer that hides NaN: each is a
//     finding
//
// The last line of its output is a JSON object of counts; every finding is a line before it.

#include <algorithm>
#include <cstdio>
#include <exception>
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "bnn/core/json_reader.h"
#include "bnn/math/blas.h"
#include "cases.h"
#include "corruption/batches.h"
#include "training_fault.h"

namespace bnn::proof {
namespace {

struct Options {
  std::string cases = "all", file = "/dev/shm/bnn-proof-faults.safetensors";
  std::uint64_t first = 0, step = 1;
  bool control = false;
};

int run(const Options& options) {
  prepare_blas(1);
  std::vector<Case> cases = all_cases();
  std::erase_if(cases, [&](const Case& one) { return one.layer->is_control != options.control; });
  Numbers numbers{options.first, cases.size(), options.step};
  if (const std::size_t colon = options.cases.find(':'); colon != std::string::npos) {
    numbers = {std::stoull(options.cases), std::stoull(options.cases.substr(colon + 1)), 1};
  }
  numbers.end = std::min(numbers.end, static_cast<std::uint64_t>(cases.size()));
  const Counts counts = run_in_batches(numbers, [&](std::uint64_t number) {
    const Case& one = cases[number];
    return predicts(one.site) ? judge_prediction(one) : judge_training(one, options.file);
  });
  for (const Finding& finding : counts.findings) {
    fmt::print("{}\n",
               Json({{"number", finding.number}, {"wrong", finding.wrong}}).dump_replacing());
  }
  const Json line = {{"cases", cases.size()},    {"tried", counts.tried},
                     {"found", counts.found},    {"stopped", counts.ends[0]},
                     {"finite", counts.ends[1]}, {"not_saved", counts.ends[2]}};
  fmt::print("{}\n", line.dump());
  std::remove(options.file.c_str());
  return counts.found == 0 ? 0 : 1;
}

}  // namespace
}  // namespace bnn::proof

int main(int argc, char** argv) {
  bnn::proof::Options options;
  CLI::App app("Puts numbers that are not finite into networks");
  app.add_option("--cases", options.cases, "all, or FIRST:END");
  app.add_option("--first", options.first, "begin with this one");
  app.add_option("--step", options.step, "try every STEP-th");
  app.add_option("--file", options.file, "for checkpoints; removed at the end");
  app.add_flag("--control", options.control, "a layer that hides NaN, which must be found");
  CLI11_PARSE(app, argc, argv);
  try {
    return bnn::proof::run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bnn-proof-faults: error: %s\n", error.what());
    return 2;
  }
}
