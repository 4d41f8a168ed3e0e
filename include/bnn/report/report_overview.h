#pragma once
// The head of a page: what was evaluated, one sentence, the key numbers.

#include "bnn/report/markup.h"
#include "bnn/report/report_contents.h"

namespace bnn {

Markup overview_header(const ReportContents& contents);

}  // namespace bnn
