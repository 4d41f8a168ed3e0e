// What the figures of a report are drawn from: ticks, histograms, curves, galleries, images.

#include <algorithm>
#include <cmath>
#include <limits>
#include <png.h>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "bnn/infer/risk_coverage.h"
#include "bnn/report/png_data_uri.h"
#include "bnn/report/report_collector.h"
#include "bnn/report/report_posterior.h"
#include "bnn/report/report_training.h"
#include "bnn/report/svg_sheet.h"
#include "bnn/report/svg_strips.h"
#include "support/data_files.h"
#include "support/markup_check.h"
#include "support/temporary_directory.h"

namespace bnn::testing {
namespace {

std::vector<std::string> texts(const std::vector<Tick>& ticks) {
  std::vector<std::string> list;
  for (const Tick& tick : ticks) list.push_back(tick.text);
  return list;
}

using Texts = std::vector<std::string>;

Bytes from_base64(const std::string& text) {
  const std::string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  Bytes bytes;
  unsigned bits = 0, count = 0;
  for (const char letter : text) {
    if (letter == '=') break;
    bits = bits << 6 | static_cast<unsigned>(letters.find(letter));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<std::uint8_t>(bits >> count));
  }
  return bytes;
}

struct Decoded {
  unsigned width = 0, height = 0;
  bool colored = false;
  Bytes rgb;
};

// The image in a data: address, as another program decodes it.
Decoded decoded(const std::string& address) {
  const std::string head = "data:image/png;base64,";
  REQUIRE(address.starts_with(head));
  const Bytes file = from_base64(address.substr(head.size()));
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  REQUIRE(png_image_begin_read_from_memory(&image, file.data(), file.size()) != 0);
  Decoded result{image.width, image.height, (image.format & PNG_FORMAT_FLAG_COLOR) != 0, {}};
  image.format = PNG_FORMAT_RGB;
  result.rgb.resize(PNG_IMAGE_SIZE(image));
  REQUIRE(png_image_finish_read(&image, nullptr, result.rgb.data(), 0, nullptr) != 0);
  return result;
}

// A summary of which only the scores matter.
Summary scored(double confidence, double entropy, double information, int predicted) {
  Summary summary;
  summary.probabilities = {0.1, 0.2, 0.3, 0.4};
  summary.probabilities_std = {0.01, 0.02, 0.03, 0.04};
  summary.predicted = predicted;
  summary.confidence = confidence;
  summary.predictive_entropy = entropy;
  summary.mutual_information = information;
  return summary;
}

std::vector<std::uint32_t> indices(const GalleryPicker& picker) {
  std::vector<std::uint32_t> list;
  for (const GalleryCard& card : picker.cards()) list.push_back(card.example);
  return list;
}

}  // namespace

TEST_CASE("ticks are round numbers within the axis") {
  CHECK(texts(round_ticks(0, 1, 5)) == Texts{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"});
  CHECK(texts(round_ticks(0.13, 0.52, 4)) == Texts{"0.2", "0.3", "0.4", "0.5"});
  CHECK(texts(round_ticks(1, 24, 5)) == Texts{"5", "10", "15", "20"});
  CHECK(texts(round_ticks(-0.3, 0.3, 3)) == Texts{"-0.2", "0.0", "0.2"});
  CHECK(texts(round_ticks(0, 1, 4, TickText::percent)).back() == "100\u202F%");
  CHECK(texts(round_ticks(0.9, 0.91, 2, TickText::percent)) ==
        Texts{"90.0\u202F%", "90.5\u202F%", "91.0\u202F%"});
  CHECK(round_ticks(1, 1, 4).empty());
  CHECK(round_ticks(0, std::numeric_limits<double>::infinity(), 4).empty());
}

TEST_CASE("a histogram counts every number once, the ends included") {
  const std::vector<double> values = {
      0, 0.24, 0.25, 0.5, 0.999, 1, -5, 7, std::numeric_limits<double>::quiet_NaN()};
  CHECK(histogram(values, 0, 1, 4) == std::vector<std::size_t>{3, 1, 1, 3});
  CHECK(histogram(values, 1, 1, 2) == std::vector<std::size_t>{8, 0});
  CHECK(median({3, 1, 2}) == 2.0);
  CHECK(median({4, 1, 3, 2}) == 2.0);
  CHECK_FALSE(median({}).has_value());
}

TEST_CASE("a gallery keeps the highest scores, the lowest index first among equals") {
  GalleryPicker forwards, backwards;
  const auto score = [](std::uint32_t i) { return static_cast<double>(i * 7 % 10); };
  for (std::uint32_t i = 0; i < 100; ++i) {
    forwards.offer(score(i), scored(0, 0, 0, 0), i, 1);
    backwards.offer(score(99 - i), scored(0, 0, 0, 0), 99 - i, 1);
  }
  // 7 i mod 10 is 9 for i = 7, 17, 27 … 97 and 8 for i = 4, 14 …
  const std::vector<std::uint32_t> expected = {7, 17, 27, 37, 47, 57, 67, 77, 87, 97, 4, 14};
  CHECK(indices(forwards) == expected);
  CHECK(indices(backwards) == expected);
}

TEST_CASE("a report collects the examples that its galleries are named after") {
  ReportCollector collector;
  collector.add(scored(0.9, 0.1, 0.0, 3), 0, 3);   // right and sure
  collector.add(scored(0.8, 0.5, 0.2, 3), 1, 0);   // wrong
  collector.add(scored(0.95, 0.2, 0.3, 3), 2, 1);  // wrong and sure
  collector.add(scored(0.4, 1.3, 0.1, 3), 3, 3);   // right and doubtful
  collector.add_outside(scored(0.6, 0.7, 0.1, 2), 0);
  CHECK(indices(collector.certain_and_wrong()) == std::vector<std::uint32_t>{2, 1});
  CHECK(indices(collector.most_uncertain()) == std::vector<std::uint32_t>{3, 1, 2, 0});
  CHECK(indices(collector.most_disputed()) == std::vector<std::uint32_t>{2, 1, 3});
  CHECK(collector.inside().size() == 4);
  CHECK(collector.outside().size() == 1);
  CHECK_FALSE(collector.outside_certain().cards().at(0).label.has_value());
  // The three most probable classes, then the label, which is the least probable one.
  const GalleryCard card = collector.certain_and_wrong().cards().at(1);
  std::vector<int> classes;
  for (const ClassShare& share : card.top) classes.push_back(share.label);
  CHECK(classes == std::vector<int>{3, 2, 1, 0});
  CHECK(card.top[0].probability == 0.4);
  CHECK(card.top[0].deviation == 0.04);
}

TEST_CASE("base64 is that of RFC 4648") {
  const auto text = [](const std::string& bytes) {
    return base64(Bytes(bytes.begin(), bytes.end()));
  };
  CHECK(text("").empty());
  CHECK(text("f") == "Zg==");
  CHECK(text("fo") == "Zm8=");
  CHECK(text("foo") == "Zm9v");
  CHECK(text("foobar") == "Zm9vYmFy");
  CHECK(text("\xFB\xFF\xBF") == "+/+/");
}

TEST_CASE("an image of a report holds the pixels of the data") {
  Bytes pixels;
  for (int i = 0; i < 5 * 4 * 3; ++i) pixels.push_back(static_cast<std::uint8_t>(i * 4));
  const Decoded color = decoded(png_data_uri({5, 4, 3}, pixels));
  CHECK(color.width == 4);
  CHECK(color.height == 5);
  CHECK(color.rgb == pixels);
  const Decoded grey = decoded(png_data_uri({1, 2, 1}, Bytes{7, 200}));
  CHECK_FALSE(grey.colored);
  CHECK(grey.rgb == Bytes{7, 7, 7, 200, 200, 200});
  // Two channels are shown as the grey of their mean, of four the first three as colours.
  CHECK(decoded(png_data_uri({1, 1, 2}, Bytes{10, 21})).rgb == Bytes{16, 16, 16});
  CHECK(decoded(png_data_uri({1, 1, 4}, Bytes{1, 2, 3, 99})).rgb == Bytes{1, 2, 3});
  CHECK(decoded(png_data_uri({1, 1, 5}, Bytes{0, 0, 0, 0, 10})).rgb == Bytes{2, 2, 2});
  // 300 columns become 150 means of two.
  Bytes wide(300);
  for (std::size_t i = 0; i < wide.size(); ++i) wide[i] = static_cast<std::uint8_t>(i % 256);
  const Decoded small = decoded(png_data_uri({1, 300, 1}, wide));
  CHECK(small.width == 150);
  CHECK(small.rgb[3 * 10] == 21);  // of 20 and 21, rounded up
  CHECK_THROWS_AS(png_data_uri({2, 2, 1}, Bytes{1}), Error);
}

TEST_CASE("scales and signal-to-noise ratios of a posterior are those of its parameters") {
  // The untransformed scale u of sigma: softplus(u) = sigma, so u = log(exp(sigma) - 1).
  const auto untransformed = [](double sigma) {
    return static_cast<float>(std::log(std::expm1(sigma)));
  };
  ParameterLayout layout;
  layout.add(Variable{"conv/kernel_posterior_loc", {4}, {}});
  layout.add(Variable{"conv/kernel_posterior_untransformed_scale", {4}, {}});
  layout.add(RandomTensor{0, 1});
  AlignedArray parameters(layout.size());
  const double sigmas[] = {0.02, 0.02, 0.05, 0.2}, means[] = {-0.2, 0.004, 0.0, 0.3};
  for (std::size_t i = 0; i < 4; ++i) {
    parameters.data()[layout.variables()[0].slice.offset + i] = static_cast<float>(means[i]);
    parameters.data()[layout.variables()[1].slice.offset + i] = untransformed(sigmas[i]);
  }
  const PosteriorReport report = posterior_report(layout, parameters);
  REQUIRE(report.tensors.size() == 1);
  const TensorPosterior& tensor = report.tensors[0];
  CHECK(tensor.name == "conv/kernel");
  CHECK(tensor.weights == 4);
  CHECK(tensor.median_scale == Approx(0.02).epsilon(1e-4));
  CHECK(tensor.median_ratio == Approx(0.2).epsilon(1e-4));  // of 10, 0.2, 0 and 1.5
  CHECK(tensor.share_below_one == 0.5);
  CHECK(report.scale_low == -2);
  CHECK(report.scale_high == 0);
  CHECK(report.ratio_low == -3);
  std::size_t counted = 0;
  for (const std::size_t count : tensor.scale_counts) counted += count;
  CHECK(counted == 4);
  CHECK(tensor.ratio_counts[0] == 1);  // the mean that is 0
  CHECK(weights_section({}).body.empty());
}

TEST_CASE("damaged lines of metrics.jsonl are skipped") {
  const TemporaryDirectory folder;
  const std::string path = folder.file("metrics.jsonl");
  write_text(path,
             "{\"event\":\"train\",\"epoch\":1,\"step\":5,\"examples\":50,\"nll\":2.5,\"kl\":100,"
             "\"loss\":4.5,\"accuracy\":0.25}\n"
             "{\"event\":\"validation\",\"epoch\":1,\"nll\":2.25,\"accuracy\":0.5}\n"
             "not json\n\n[1,2]\n17\nnull\n"
             "{\"event\":\"train\",\"epoch\":\"2\",\"nll\":1}\n"
             "{\"event\":3,\"epoch\":2,\"nll\":1}\n"
             "{\"epoch\":2,\"nll\":1}\n"
             "{\"event\":\"train\",\"epoch\":2,\"examples\":0,\"nll\":null,\"kl\":3,\"loss\":4}\n" +
                 std::string(100000, '[') + "\n{\"event\":\"train\",\"epoch\":3,\"nll\":1.5}\n" +
                 "{\"event\":\"train\",\"epoch\":4,\"nl");
  const TrainingHistory history = read_training_history(path);
  REQUIRE(history.nll.size() == 2);
  CHECK(history.nll[0].x == 1);
  CHECK(history.nll[0].y == 2.5);
  CHECK(history.nll[1].x == 3);
  CHECK(history.nll[1].y == 1.5);
  REQUIRE(history.kl.size() == 1);
  CHECK(history.kl[0].y == 2);  // 100 nats over 50 examples
  CHECK(history.loss.size() == 2);
  CHECK(history.accuracy.size() == 1);
  REQUIRE(history.validation_nll.size() == 1);
  CHECK(history.validation_nll[0].y == 2.25);
  CHECK(history.validation_accuracy[0].y == 0.5);
  CHECK(history.damaged_lines == 8);  // not the last one, which has no line feed yet
  CHECK(history.has_curves());
  CHECK_THROWS_AS(read_training_history(folder.file("none")), Error);
  CHECK_THROWS_AS(read_training_history(folder.path()), Error);
  CHECK(training_section({}).body.empty());
}

TEST_CASE("a chart draws its lines to scale and names them at their ends") {
  Chart chart;
  chart.title = "title";
  chart.x = {"x", 0, 10, {}};
  chart.y = {"y", 0, 1, {}};
  chart.series = {{"one", "right", {{0, 0}, {10, 1}}}, {"two", "wrong", {{0, 1}, {10, 1}}}};
  const ChartArea area = chart_area(chart);
  const std::string svg = svg_chart(chart).text();
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  REQUIRE(std::sscanf(svg.c_str() + svg.find("<path d="), "<path d=\"M%lf %lfL%lf %lf", &x0, &y0,
                      &x1, &y1) == 4);
  CHECK(x0 == Approx(area.left).margin(0.06));
  CHECK(y0 == Approx(area.bottom).margin(0.06));
  CHECK(x1 == Approx(area.right).margin(0.06));
  CHECK(y1 == Approx(area.top).margin(0.06));
  // Both lines end at the same place; their names must not.
  double first = 0, second = 0;
  const std::size_t label = svg.find("class=\"label");
  std::sscanf(svg.c_str() + svg.rfind("y=", label), "y=\"%lf", &first);
  const std::size_t other = svg.find("class=\"label", label + 1);
  std::sscanf(svg.c_str() + svg.rfind("y=", other), "y=\"%lf", &second);
  CHECK(second - first >= 11.9);
  chart.series = {{"none", "right", {{1, std::nan("")}}}};
  CHECK(svg_chart(chart).empty());
}

TEST_CASE("a chart on logarithmic axes leaves out what they cannot show") {
  Chart chart;
  chart.title = "title";
  chart.x = log_axis_over("x", std::vector<double>{1, 100, -3, 0});
  chart.y = log_axis_over("y", std::vector<double>{0.01, 1});
  CHECK(chart.x.low < 1);
  CHECK(chart.x.low > 0.7);
  CHECK(texts(chart.x.ticks) == Texts{"1", "10", "100"});
  CHECK(texts(log_axis_over("", std::vector<double>{3, 30}).ticks) == Texts{"5", "10", "20"});
  CHECK(log_axis_over("", {}).high > 1);
  chart.series = {{"", "right", {{1, 0.01}, {10, 0.1}, {100, 1}}}};
  const std::string svg = svg_chart(chart).text();
  chart.series[0].points.push_back({1000, 0});
  chart.series[0].points.push_back({-1, 1});
  CHECK(svg_chart(chart).text() == svg);
  const ChartArea area = chart_area(chart);
  double x[3] = {}, y[3] = {};
  REQUIRE(std::sscanf(svg.c_str() + svg.find("<path d="), "<path d=\"M%lf %lfL%lf %lfL%lf %lf",
                      &x[0], &y[0], &x[1], &y[1], &x[2], &y[2]) == 6);
  CHECK(x[1] - x[0] == Approx(x[2] - x[1]).margin(0.11));
  CHECK(y[1] - y[0] == Approx(y[2] - y[1]).margin(0.11));
  CHECK(x[0] > area.left);
  CHECK(y[0] < area.bottom);
}

TEST_CASE("the error bar of a point reaches from its lower to its upper end within the chart") {
  Chart chart;
  chart.x = {"x", 0, 10, {}};
  chart.y = {"y", 0, 1, {}};
  chart.series = {{"", "right", {{5, 0.5, 0.25}, {6, 0.5, 9}, {7, 0.5}}}};
  const ChartArea area = chart_area(chart);
  const std::string svg = svg_chart(chart).text();
  CHECK(occurrences(svg, "class=\"line thin right\"") == 6);
  double x1 = 0, y1 = 0, x2 = 0, y2 = 0;
  const char* line = "<line x1=\"%lf\" y1=\"%lf\" x2=\"%lf\" y2=\"%lf\"";
  const std::size_t first = svg.rfind("<line", svg.find("class=\"line thin"));
  REQUIRE(std::sscanf(svg.c_str() + first, line, &x1, &y1, &x2, &y2) == 4);
  CHECK(x1 == x2);
  CHECK(y1 == Approx(chart.y.place(0.75, area.bottom, area.top)).margin(0.06));
  CHECK(y2 == Approx(chart.y.place(0.25, area.bottom, area.top)).margin(0.06));
}

TEST_CASE("a guide of slope 1 lies on points that grow with x and ends at the last") {
  Chart chart;
  const std::vector<ChartPoint> points = {{1, 2}, {100, 200}};
  chart.x = log_axis_over("x", std::vector<double>{1, 100});
  chart.y = log_axis_over("y", std::vector<double>{2, 200});
  const ChartSeries rising = power_guide("guide", 1, points.back(), chart);
  REQUIRE(rising.points.size() == 2);
  CHECK(rising.points[0].x == 100);
  CHECK(rising.points[0].y == 200);
  CHECK(rising.points[1].x < 1);
  CHECK(rising.points[1].y == Approx(2 * rising.points[1].x));
  CHECK(rising.points[1].y >= Approx(chart.y.low));
  const ChartSeries falling = power_guide("guide", -1, {1, 200}, chart);
  CHECK(falling.points[1].x > 99);
  CHECK(falling.points[1].y == Approx(200 / falling.points[1].x));
  CHECK(power_guide("guide", 1, {0, 1}, chart).points.empty());
}

TEST_CASE("a sheet of charts is a file that stands alone, and its text stays text") {
  Chart chart;
  chart.title = "<script>&\x01";
  chart.x = log_axis_over("x", std::vector<double>{1, 100});
  chart.y = log_axis_over("y", std::vector<double>{1, 100});
  chart.series = {{"falling", "right", {{1, 100, 10}, {10, 10, 1}, {100, 1}}},
                  {"other", "wrong", {{1, 20}, {10, 20}}}};
  const std::string svg = svg_sheet({"a title", "a description", {chart, chart, Chart{}}});
  CHECK(tag_faults(svg).empty());
  CHECK(svg.find("<title id=\"title\">a title</title>") != std::string::npos);
  CHECK(svg.find("<desc id=\"description\">a description</desc>") != std::string::npos);
  CHECK(occurrences(svg, "<path d=\"M") == 4);
  CHECK(occurrences(svg, "<circle") == 2 * 5);
  CHECK(occurrences(svg, "&lt;script&gt;&amp; ") == 2);
  CHECK(occurrences(svg, "<script") + occurrences(svg, "nan") + occurrences(svg, "n/a") == 0);
  CHECK(occurrences(svg, "\"class=") == 0);  // XML wants a blank between attributes
  CHECK(occurrences(svg, "url(") + occurrences(svg, "@import") == 0);
}

TEST_CASE("text within markup is escaped, and markup stands as it is") {
  const std::string hostile = "<b a=\"1\">&\x01\xff";
  CHECK(markup("<i>{}</i>", hostile).text() ==
        "<i>&lt;b a=&quot;1&quot;&gt;&amp; \xef\xbf\xbd</i>");
  CHECK(markup("<p>{}{}</p>", markup("<i>{}</i>", "<"), 3).text() == "<p><i>&lt;</i>3</p>");
  CHECK(("<p>" + escaped("a & b") + "</p>").text() == "<p>a &amp; b</p>");
  static_assert(!std::is_convertible_v<std::string, Markup>);
  static_assert(!std::is_convertible_v<const char*, Markup>);
}

}  // namespace bnn::testing
