#pragma once
// A section of a report, which is also an entry of the list of links at its top.

#include <string>

#include "bnn/report/markup.h"

namespace bnn {

struct ReportSection {
  std::string id;    // of its heading, which the link leads to
  std::string link;  // its short name, plain text
  std::string title;
  Markup body;  // empty: the page leaves the section out
};

/// The section as it stands in a page; empty without a body.
Markup section_markup(const ReportSection& section);

/// A link to the section; empty without a body.
Markup section_link(const ReportSection& section);

}  // namespace bnn
