#include "bnn/report/report_page.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <sstream>

#include <catch2/catch.hpp>

#include "bnn/core/display_text.h"
#include "bnn/report/html_text.h"
#include "bnn/report/report_calibration.h"
#include "bnn/report/report_classes.h"
#include "bnn/report/report_metrics.h"
#include "bnn/report/report_style.h"
#include "support/markup_check.h"
#include "support/report_fixture.h"

namespace bnn::testing {
namespace {

void check_whole(const std::string& page) {
  const std::vector<std::string> faults = tag_faults(page);
  CAPTURE(faults);
  CHECK(faults.empty());
  CHECK(occurrences(page, "<h1>") == 1);
  CHECK(occurrences(page, "\"class=") == 0);  // a blank parts attributes
  CHECK(page.find("<html lang=\"en\">") != std::string::npos);
  // Nothing from elsewhere, nothing that runs, no number that is none.
  for (const char* part : {"<script", "<link", "<iframe", "javascript:", "http:", "https:", "url(",
                           "@import", "\x1b"}) {
    CAPTURE(part);
    CHECK(occurrences(page, part) == 0);
  }
  CHECK(occurrences(page, "src=") == occurrences(page, "src=\"data:image/png;base64,"));
  CHECK(occurrences(page, "<svg") == occurrences(page, "<svg role=\"img\""));
  for (const std::string& svg : elements(page, "svg")) {
    INFO(svg);
    REQUIRE(elements(svg, "title").size() == 1);
    CHECK_FALSE(elements(svg, "title")[0].empty());
    CHECK(elements(svg, "desc")[0].find_first_of("0123456789") != std::string::npos);
    CHECK(occurrences(svg, "nan") + occurrences(svg, "n/a") + occurrences(svg, "inf\"") == 0);
  }
  for (const std::string& table : elements(page, "table")) {
    CHECK(occurrences(table, "<caption>") == 1);
    CHECK(occurrences(table, "<th") == occurrences(table, "<th scope=") + 1);  // and <thead>
  }
}

std::vector<std::string> headings(const std::string& page) { return elements(page, "h2"); }

}  // namespace

TEST_CASE("a full report has every section in order, and each holds what it is for") {
  const std::string page = report_page(full_report());
  check_whole(page);
  CHECK(headings(page) ==
        std::vector<std::string>{"Metrics", "Calibration", "Uncertainty", "Images worth a look",
                                 "Classes", "Corrupted images", "How many samples are enough",
                                 "Pruning", "Weights", "Training"});
  for (const char* part :
       {"Reliability diagram", "Risk-coverage curve", "Confidence", "Predictive entropy",
        "Mutual information", "Sizes of the prediction sets", "Confusion matrix.", "Classes.",
        "Telling other images apart.", "gaussian noise", "NLL by samples", "Accuracy by weights",
        "Posterior scales.", "Signal-to-noise ratios.", "Negative log-likelihood",
        "temperature</dt><dd><data value=\"1.25\">1.2500", "mean weights", "95 % interval"}) {
    CAPTURE(part);
    CHECK(page.find(part) != std::string::npos);
  }
  CHECK(occurrences(page, "<img ") == 3 * kGalleryCards);
  // Ten corruptions, and as many figures as there are above.
  CHECK(occurrences(page, "<svg") == 10 + 2 + 1 + 3 + 2 + 2 + 2 + 3);
}

namespace {

// The values of all attributes of a name.
std::vector<std::string> attributes(const std::string& page, const std::string& name) {
  std::vector<std::string> values;
  const std::string mark = name + "=\"";
  for (std::size_t at = page.find(mark); at != std::string::npos; at = page.find(mark, at + 1)) {
    const std::size_t begin = at + mark.size();
    values.push_back(page.substr(begin, page.find('"', begin) - begin));
  }
  return values;
}

// Where the links of a page lead to, and the headings that they should lead to.
void check_links(const std::string& page) {
  std::vector<std::string> targets;
  for (const std::string& id : attributes(page, "<h2 id")) targets.push_back("#" + id);
  CHECK(attributes(page, "<a href") == targets);
}

}  // namespace

TEST_CASE("the links of a report lead to its sections, whichever there are") {
  check_links(report_page({}));
  check_links(report_page(plain_report()));
  check_links(report_page(full_report()));
  ReportContents pruned = full_report();
  pruned.evaluation.sweep.clear();
  check_links(report_page(pruned));
  ReportContents swept = full_report();
  swept.evaluation.pruning.clear();
  check_links(report_page(swept));
}

TEST_CASE("a report says so if training curves are missing") {
  ReportContents contents = plain_report();
  CHECK(report_page(contents).find("metrics.jsonl") == std::string::npos);
  contents.history.unreadable = true;
  const std::string page = report_page(contents);
  check_whole(page);
  CHECK(page.find("The training curves are missing, because none could be read") !=
        std::string::npos);
  contents = full_report();
  contents.history.damaged_lines = 2;
  CHECK(report_page(contents).find("has 2 lines that could not be read") != std::string::npos);
}

TEST_CASE("sections of a report appear only if there is something to show") {
  const std::string page = report_page(plain_report());
  check_whole(page);
  CHECK(headings(page) == std::vector<std::string>{"Metrics", "Calibration", "Uncertainty",
                                                   "Images worth a look", "Classes"});
  const std::string nothing = report_page({});
  check_whole(nothing);
  CHECK(headings(nothing) == std::vector<std::string>{"Metrics"});
}

TEST_CASE("each metric of a report stands in its own row") {
  ReportContents contents;
  Metrics& metrics = contents.evaluation.metrics;
  metrics.examples = 1;
  int next = 1;
  const std::vector<std::pair<const char*, double Metrics::*>> rows = {
      {"accuracy", &Metrics::accuracy},
      {"NLL", &Metrics::nll},
      {"Brier score", &Metrics::brier},
      {"ECE", &Metrics::ece},
      {"adaptive ECE", &Metrics::adaptive_ece},
      {"MCE", &Metrics::mce},
      {"AURC", &Metrics::aurc},
      {"predictive entropy", &Metrics::predictive_entropy},
      {"expected entropy", &Metrics::expected_entropy},
      {"mutual information", &Metrics::mutual_information}};
  for (const auto& [name, value] : rows) metrics.*value = next++ / 16.0;
  contents.evaluation.mean_weights = metrics;
  contents.evaluation.mean_weights->nll = 99;
  contents.evaluation.intervals = IntervalSet{};
  contents.evaluation.intervals->of(&Metrics::nll) = {1.25, 1.5};
  const std::string section = metrics_section(contents.evaluation).body.text();
  for (const auto& [name, value] : rows) {
    const std::string row = section.substr(section.find("\">" + std::string(name) + "<small"));
    const std::string cell = "<td>" + html_number(metrics.*value, 4).text() + "</td>";
    CAPTURE(name);
    CHECK(row.find(cell) < row.find("</tr>"));
  }
  CHECK(section.find("<td><span class=\"interval\"><data value=\"1.25\">1.2500</data> – "
                     "<data value=\"1.5\">1.5000</data></span>"
                     "</td><td><data value=\"99\">99.0000</data></td>") != std::string::npos);
}

TEST_CASE("a report survives whatever there is to report") {
  const std::vector<FixtureSize> sizes = {
      {1, 20, {8, 8, 3}, true},      // one class
      {3, 1, {8, 8, 1}, true},       // two classes without examples
      {10, 60, {8, 8, 1}, true},     // no wrong example
      {2, 30, {1, 1, 1}, false},     // images of one pixel
      {4, 30, {1, 1, 2}, false},     // of two channels
      {3, 20, {300, 7, 2}, false},   // longer than they are shown
      {21, 300, {4, 4, 3}, false},   // too many classes for a matrix
      {100, 500, {4, 4, 3}, false},  // and long hostile names
  };
  for (const FixtureSize& size : sizes) {
    CAPTURE(size.classes, size.examples);
    check_whole(report_page(plain_report(size)));
    check_whole(report_page(full_report(size)));
  }
}

TEST_CASE("numbers that are none become dashes and leave the figures whole") {
  ReportContents contents = full_report();
  Evaluation& evaluation = contents.evaluation;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  evaluation.metrics.nll = evaluation.metrics.aurc = nan;
  evaluation.ood->max_probability = Detection{nan, nan, nan, nan};
  evaluation.sweep[0].metrics.nll = infinity;
  evaluation.sweep[1].metrics.nll = nan;
  for (CorruptionResult& result : evaluation.corruptions) result.metrics.accuracy = nan;
  for (PruningPoint& point : evaluation.pruning) point.metrics.nll = nan;
  contents.history.nll[3].y = infinity;
  contents.history.validation_accuracy.assign(3, {1, nan});
  const std::string page = report_page(contents);
  CHECK(tag_faults(page).empty());
  CHECK(occurrences(page, "class=\"absent\"") >= 5);
  for (const std::string& svg : elements(page, "svg")) {
    const std::string drawn = svg.substr(svg.find("</desc>"));
    INFO(drawn);
    CHECK(occurrences(drawn, "nan") + occurrences(drawn, "n/a") + occurrences(drawn, "inf") == 0);
  }
}

TEST_CASE("an evaluation without examples is a report without figures") {
  ReportContents contents;
  contents.evaluation.metrics = MetricsCollector(3).finish();
  const std::string page = report_page(contents);
  check_whole(page);
  CHECK(occurrences(page, "<svg") == 0);
  CHECK(page.find("no examples") != std::string::npos);
}

TEST_CASE("names in a report stay text") {
  ReportContents contents = full_report();
  contents.source.model = contents.source.checkpoint = contents.source.data =
      "<b onclick=\"x\">&'\xFF";
  contents.posterior.tensors[0].name = "</svg><script>";
  contents.evaluation.corruptions[0].corruption = "</title>\"";
  const std::string page = report_page(contents);
  check_whole(page);
  CHECK(page.find("<h1><bdi>&lt;b onclick=&quot;x&quot;&gt;&amp;'\uFFFD</bdi></h1>") !=
        std::string::npos);
  CHECK(page.find("<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>") != std::string::npos);
  CHECK(page.find(std::string(49, 'W')) == std::string::npos);
}

TEST_CASE("an image of a report stands in it once, within what enlarges it") {
  const ReportContents contents = full_report();
  const std::string page = report_page(contents);
  std::size_t images = 0;
  std::map<std::string, std::size_t> cards;
  for (const Gallery& gallery : contents.galleries) {
    images += gallery.images.size();
    for (const GalleryImage& image : gallery.images) ++cards[image.address];
  }
  CHECK(images == 3 * kGalleryCards);
  CHECK(occurrences(page, "data:image/png") == images);
  for (const auto& [address, count] : cards) CHECK(occurrences(page, address) == count);
  CHECK(occurrences(page, "<details class=\"zoom\" name=\"zoom\"><summary><img src=\"") == images);
  CHECK(occurrences(page, "\"></summary></details>") == images);
  CHECK(elements(page, "summary").size() == images);
  for (const std::string& summary : elements(page, "summary")) {
    CHECK(summary.find("alt=\"Image ") != std::string::npos);
  }
  CHECK(page.find("A click on an image, or Enter, enlarges it") != std::string::npos);
}

TEST_CASE("beside a number of a report stands what its interval means") {
  ReportContents contents = full_report();
  IntervalSet& intervals = *contents.evaluation.intervals;
  intervals.of(&Metrics::nll) = {0.25, 0.5};
  contents.evaluation.metrics.nll = 0.375;
  contents.evaluation.metrics.ece = 0.125;
  intervals.of(&Metrics::ece) = {0.25, 0.5};
  intervals.of(&Metrics::brier) = {};
  const auto tile = [](const std::string& page, const std::string& name) {
    const std::size_t begin = page.find("<dt>" + name + "</dt>");
    REQUIRE(begin != std::string::npos);
    return page.substr(begin, page.find("</div>", begin) - begin);
  };
  std::string page = report_page(contents);
  const std::string ends =
      "95&nbsp;% of resampled test sets give <data value=\"0.25\">0.2500</data> to "
      "<data value=\"0.5\">0.5000</data>";
  CHECK(
      tile(page, "accuracy")
          .find("95&nbsp;% of resampled test sets give <data value=\"0.75\">75.0\u202F%</data> to "
                "<data value=\"0.85\">85.0\u202F%</data></dd>") != std::string::npos);
  CHECK(tile(page, "NLL").find(ends + "</dd>") != std::string::npos);
  CHECK(tile(page, "calibration error").find(ends + ": resampling adds noise") !=
        std::string::npos);
  CHECK(tile(page, "Brier score").find("0 to 2") != std::string::npos);
  // The tables: all metrics, the surest, the classes.
  CHECK(occurrences(page, "95 % interval<small>of resampled test sets</small></th>") == 2);
  CHECK(page.find("drawn from these images with replacement") != std::string::npos);
  CHECK(page.find("Below each value is the range of 95&nbsp;% of resampled") != std::string::npos);
  contents.evaluation.intervals.reset();
  page = report_page(contents);
  CHECK(occurrences(page, "resampl") == 0);
  CHECK(tile(page, "NLL").find("nats") != std::string::npos);
}

TEST_CASE("the confusion matrix of a report has every count in its place") {
  Evaluation evaluation;
  evaluation.class_names = {"a", "b"};
  evaluation.metrics.confusion_matrix = {{97, 3}, {0, 20}};
  const std::string html = classes_section(evaluation).body.text();
  CHECK(html.find("<tr><th scope=\"row\"><bdi>a</bdi></th><td class=\"hit\">97</td>"
                  "<td class=\"e4\">3</td></tr>\n"
                  "<tr><th scope=\"row\"><bdi>b</bdi></th><td class=\"none\">·</td>"
                  "<td class=\"hit\">20</td></tr>") != std::string::npos);
}

TEST_CASE("of many classes the most frequent confusions are listed, largest first") {
  Evaluation evaluation;
  evaluation.metrics.confusion_matrix.assign(21, std::vector<std::size_t>(21, 0));
  auto& matrix = evaluation.metrics.confusion_matrix;
  matrix[3][4] = 5;
  matrix[3][3] = 15;
  matrix[7][2] = 9;
  matrix[1][2] = 5;
  const std::string html = classes_section(evaluation).body.text();
  const std::vector<std::string> rows = elements(elements(html, "tbody").at(0), "tr");
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].find("<bdi>7</bdi></th><td><bdi>2</bdi></td><td>9</td>") != std::string::npos);
  CHECK(rows[1].find("<bdi>1</bdi>") != std::string::npos);
  CHECK(rows[2].find("<data value=\"0.25\">25.0") != std::string::npos);
}

TEST_CASE("the reliability diagram marks the bins without examples") {
  Evaluation evaluation = plain_report().evaluation;
  const auto absent = static_cast<std::size_t>(
      std::count_if(evaluation.metrics.calibration.begin(), evaluation.metrics.calibration.end(),
                    [](const CalibrationBin& bin) { return bin.count == 0; }));
  REQUIRE(absent > 0);
  REQUIRE(absent < kCalibrationBins);
  const std::string svg = elements(calibration_section(evaluation).body.text(), "svg").at(0);
  CHECK(occurrences(svg, ">–</text>") == absent);
  CHECK(occurrences(svg, ": no examples.") == absent);
  CHECK(occurrences(svg, "<circle") == kCalibrationBins - absent);
  CHECK(occurrences(svg, "class=\"bar soft\"") == kCalibrationBins - absent);
}

namespace {

// The custom properties of the n-th block of colours in the style.
std::map<std::string, std::string> colors(std::size_t block) {
  std::istringstream lines(elements("<style>" + report_style() + "</style>", "style").at(0));
  std::string text((std::istreambuf_iterator<char>(lines)), {});
  std::size_t at = 0;
  for (std::size_t i = 0; i <= block; ++i) at = text.find(":root {", at) + 1;
  text = text.substr(at, text.find('}', at) - at);
  std::map<std::string, std::string> found;
  for (at = 0; (at = text.find("--", at)) != std::string::npos;) {
    const std::size_t colon = text.find(':', at), end = text.find(';', at);
    found[text.substr(at + 2, colon - at - 2)] = text.substr(colon + 2, end - colon - 2);
    at = end;
  }
  return found;
}

// Relative luminance and contrast of WCAG 2.
double luminance(const std::string& color) {
  REQUIRE(color.size() == 7);
  double sum = 0;
  const double weights[] = {0.2126, 0.7152, 0.0722};
  for (std::size_t i = 0; i < 3; ++i) {
    const double value = std::stoi(color.substr(1 + 2 * i, 2), nullptr, 16) / 255.0;
    sum += weights[i] * (value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4));
  }
  return sum;
}

double contrast(const std::string& a, const std::string& b) {
  const double x = luminance(a), y = luminance(b);
  return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

}  // namespace

TEST_CASE("every colour of text in a report has a contrast of at least 4.5 to 1") {
  CHECK(contrast("#000000", "#ffffff") == Approx(21));
  for (const std::size_t theme : {0u, 1u}) {
    std::map<std::string, std::string> palette = colors(theme);
    for (const char* name : {"ink", "soft", "right", "wrong", "out"}) {
      CAPTURE(theme, name);
      CHECK(contrast(palette[name], palette["paper"]) >= 4.5);
    }
    for (const char* name : {"e1", "e2", "e3", "e4", "e5", "e6", "e7"}) {
      CAPTURE(theme, name);
      CHECK(contrast(palette["on-error"], palette[name]) >= 4.5);
    }
  }
}

}  // namespace bnn::testing
