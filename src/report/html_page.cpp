#include "bnn/report/html_page.h"

#include "bnn/report/report_style.h"

namespace bnn {

std::string html_page(const std::string& title, const Markup& body) {
  return markup(
             "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n"
             "<style>{}</style>\n</head>\n<body>\n<main>\n{}</main>\n</body>\n</html>\n",
             title, Markup::trusted(report_style()), body)
      .text();
}

}  // namespace bnn
