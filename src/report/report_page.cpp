#include "bnn/report/report_page.h"

#include "bnn/report/html_page.h"
#include "bnn/report/html_text.h"
#include "bnn/report/report_calibration.h"
#include "bnn/report/report_classes.h"
#include "bnn/report/report_corruption.h"
#include "bnn/report/report_metrics.h"
#include "bnn/report/report_overview.h"
#include "bnn/report/report_sweeps.h"
#include "bnn/report/report_training.h"
#include "bnn/report/report_uncertainty.h"

namespace bnn {
namespace {

std::vector<ReportSection> sections_of(const ReportContents& contents) {
  const Evaluation& evaluation = contents.evaluation;
  return {metrics_section(evaluation),
          calibration_section(evaluation),
          uncertainty_section(contents.inside, contents.outside, evaluation),
          galleries_section(contents.galleries, evaluation.class_names),
          classes_section(evaluation),
          corruption_section(evaluation),
          samples_section(evaluation.sweep),
          pruning_section(evaluation.pruning),
          weights_section(contents.posterior),
          training_section(contents.history)};
}

}  // namespace

std::string report_page(const ReportContents& contents) {
  Markup links, sections;
  for (const ReportSection& section : sections_of(contents)) {
    sections += section_markup(section);
    links += section_link(section);
  }
  const std::string name = contents.source.model.empty() ? "" : short_name(contents.source.model);
  return html_page(
      name.empty() ? "Evaluation" : name + ": evaluation",
      markup("{}<nav aria-label=\"Sections\">\n{}</nav>\n{}"
             "<footer>Probabilities are means over the samples of the weights. Every number can be "
             "selected; the value of each <code>data</code> element is exact.</footer>\n",
             overview_header(contents), links, sections));
}

}  // namespace bnn
