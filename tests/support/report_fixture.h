#pragma once
// Contents of a report for tests: all sections full, from a made-up classifier.

#include <string>
#include <vector>

#include "bnn/report/report_page.h"

namespace bnn::testing {

struct FixtureSize {
  int classes = 10;
  int examples = 400;
  Shape shape = {8, 8, 3};
  bool always_right = false;
};

/// Names that try to be markup, to leave their attribute, to run in the other direction, to be
/// longer than any page, or to be nothing.
std::vector<std::string> hostile_names(int classes);

/// What the evaluation of such a classifier fills: examples, galleries, metrics; nothing optional.
ReportContents plain_report(const FixtureSize& size = {});

/// The same with every section that a report can have.
ReportContents full_report(const FixtureSize& size = {});

}  // namespace bnn::testing
