#include "bnn/report/report_page.h"

#include "bnn/report/html_text.h"
#include "bnn/report/svg_elements.h"

namespace bnn {
namespace {

struct Part {
  const char *id, *name;
  std::string html;
};

std::vector<Part> parts_of(const ReportContents& contents) {
  const Evaluation& evaluation = contents.evaluation;
  return {{"metrics", "Metrics", metrics_section(evaluation)},
          {"calibration", "Calibration", calibration_section(evaluation)},
          {"uncertainty", "Uncertainty", uncertainty_section(contents)},
          {"images", "Images", galleries_section(contents)},
          {"classes", "Classes", classes_section(evaluation)},
          {"corruptions", "Corruptions", corruption_section(evaluation)},
          {"samples", "Samples and pruning", sweeps_section(evaluation)},
          {"weights", "Weights", weights_section(contents.posterior)},
          {"training", "Training", training_section(contents.history)}};
}

}  // namespace

std::string report_page(const ReportContents& contents) {
  std::string links, sections;
  for (const Part& part : parts_of(contents)) {
    if (part.html.empty()) continue;
    sections += part.html;
    links += "<a href=\"#" + std::string(part.id) + "\">" + part.name + "</a>\n";
  }
  const std::string name = contents.source.model.empty() ? "" : short_name(contents.source.model);
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta name=\"color-scheme\" content=\"light dark\">\n<title>" +
         escaped_markup(name.empty() ? "Evaluation" : name + ": evaluation") + "</title>\n<style>" +
         report_style() + "</style>\n</head>\n<body>\n<main>\n" + overview_header(contents) +
         "<nav aria-label=\"Sections\">\n" + links + "</nav>\n" + sections +
         "<footer>Probabilities are means over the samples of the weights. Every number can be "
         "selected; the value of each <code>data</code> element is exact.</footer>\n"
         "</main>\n</body>\n</html>\n";
}

}  // namespace bnn
