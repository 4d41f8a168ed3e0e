#include "bnn/report/report_section.h"

namespace bnn {

Markup section_markup(const ReportSection& section) {
  if (section.body.empty()) return {};
  return markup("<section aria-labelledby=\"{0}\">\n<h2 id=\"{0}\">{1}</h2>\n{2}</section>\n",
                section.id, section.title, section.body);
}

Markup section_link(const ReportSection& section) {
  if (section.body.empty()) return {};
  return markup("<a href=\"#{}\">{}</a>\n", section.id, section.link);
}

}  // namespace bnn
