#pragma once
// The report of an evaluation as one HTML page for people: it needs no other file, no network and
// no script, follows the reader's light or dark theme, and can be printed.
//
// Each section is a file pair of its own that returns a ReportSection. The page and its list of
// links are made of the same list of sections. A page is a function of its arguments alone: no
// date, no path, the same bytes on any number of threads. Thread-safe: no state.

#include <string>

#include "bnn/report/report_contents.h"

namespace bnn {

std::string report_page(const ReportContents& contents);

}  // namespace bnn
