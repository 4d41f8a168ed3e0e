#include "bnn/prediction/prediction_output.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/core/display_text.h"
#include "bnn/core/json_reader.h"
#include "support/json_document.h"

namespace bnn {
namespace {

// Values that are exact in binary, so that their text is known.
Summary example_summary() {
  Summary summary;
  summary.probabilities = {0.25, 0.5, 0.25};
  summary.probabilities_std = {0.125, 0, 0.0625};
  summary.predicted = 1;
  summary.confidence = 0.5;
  summary.predictive_entropy = 1.5;
  summary.expected_entropy = 1.25;
  summary.mutual_information = 0.25;
  summary.variation_ratio = 0.75;
  return summary;
}

PredictionRow example_row() {
  return {.index = 17, .input = "test_batch.bin#17", .label = 2, .summary = example_summary()};
}

std::vector<std::string> keys_of(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

std::size_t commas(const std::string& line) {
  return static_cast<std::size_t>(std::count(line.begin(), line.end(), ','));
}

TEST_CASE("a prediction as JSON has the keys of the contract in order") {
  const PredictionFormat format{.class_names = {"cat", "dog", "owl"}, .classes = 3};
  CHECK(prediction_line(format, example_row()) ==
        "{\"index\":17,\"input\":\"test_batch.bin#17\",\"label\":2,\"predicted\":1,"
        "\"class\":\"dog\",\"confidence\":0.5,\"probabilities\":[0.25,0.5,0.25],"
        "\"probabilities_std\":[0.125,0.0,0.0625],\"predictive_entropy\":1.5,"
        "\"expected_entropy\":1.25,\"mutual_information\":0.25,\"variation_ratio\":0.75,"
        "\"abstain\":null}\n");
  CHECK(prediction_header(format).empty());
}

TEST_CASE("a prediction as JSON leaves out the label and the class that are not known") {
  PredictionRow row = example_row();
  row.label.reset();
  const Json line = bnn::testing::parsed(prediction_line({.classes = 3}, row));
  CHECK(keys_of(line) ==
        std::vector<std::string>{"index", "input", "predicted", "confidence", "probabilities",
                                 "probabilities_std", "predictive_entropy", "expected_entropy",
                                 "mutual_information", "variation_ratio", "abstain"});
}

TEST_CASE("a prediction as CSV has a header and a row of the same columns") {
  const PredictionFormat format{.csv = true, .class_names = {"cat", "dog", "owl"}, .classes = 3};
  CHECK(prediction_header(format) ==
        "index,input,label,predicted,class,confidence,p0,p1,p2,p0_std,p1_std,p2_std,"
        "predictive_entropy,expected_entropy,mutual_information,variation_ratio,abstain\n");
  CHECK(prediction_line(format, example_row()) ==
        "17,test_batch.bin#17,2,1,dog,0.5,0.25,0.5,0.25,0.125,0,0.0625,1.5,1.25,0.25,0.75,\n");
}

TEST_CASE("a row of CSV without a label leaves the field empty, or the column out") {
  PredictionFormat format{.csv = true, .classes = 3};
  PredictionRow row = example_row();
  row.label.reset();
  CHECK(prediction_line(format, row).substr(0, 24) == "17,test_batch.bin#17,,1,");
  format.has_labels = false;
  CHECK(prediction_line(format, row).substr(0, 27) == "17,test_batch.bin#17,1,0.5,");
  CHECK(prediction_header(format).substr(0, 33) == "index,input,predicted,confidence,");
}

TEST_CASE("the best classes are listed best first, ties by index") {
  PredictionFormat format{.class_names = {"cat", "dog", "owl"}, .classes = 3, .top_k = 2};
  const Json line = bnn::testing::parsed(prediction_line(format, example_row()));
  CHECK(keys_of(line).back() == "top_k");
  CHECK(line["top_k"].dump() ==
        R"([{"class":"dog","probability":0.5},{"class":"cat","probability":0.25}])");
  format.class_names.clear();
  format.top_k = 100;
  CHECK(bnn::testing::parsed(prediction_line(format, example_row()))["top_k"].dump() ==
        R"([{"class":1,"probability":0.5},{"class":0,"probability":0.25},)"
        R"({"class":2,"probability":0.25}])");
}

TEST_CASE("the best classes as CSV are columns of their own") {
  const PredictionFormat format{.csv = true, .classes = 3, .top_k = 2};
  const std::string header = prediction_header(format);
  const std::string line = prediction_line(format, example_row());
  const std::string columns = ",abstain,top_1,top_1_probability,top_2,top_2_probability\n";
  REQUIRE(header.size() > columns.size());
  CHECK(header.substr(header.size() - columns.size()) == columns);
  CHECK(line.ends_with(",0.75,,1,0.5,0,0.25\n"));
  CHECK(commas(header) == commas(line));
  const PredictionFormat more{.csv = true, .classes = 3, .top_k = 9};
  CHECK(commas(prediction_header(more)) == commas(prediction_line(more, example_row())));
}

TEST_CASE("a prediction abstains above the threshold and not at it") {
  const auto abstains = [](std::optional<double> threshold) {
    const PredictionFormat format{.classes = 3, .abstain_above = threshold};
    return bnn::testing::parsed(prediction_line(format, example_row()))["abstain"];
  };
  CHECK(abstains({}).is_null());
  CHECK(abstains(1.4375) == true);
  CHECK(abstains(1.5) == false);
  CHECK(abstains(0.0) == true);
  const PredictionFormat csv{.csv = true, .classes = 3, .abstain_above = 1.0};
  const std::string line = prediction_line(csv, example_row());
  CHECK(line.substr(line.size() - 6) == ",true\n");
}

TEST_CASE("fields of CSV with commas or quotes are quoted") {
  const PredictionFormat format{
      .csv = true, .class_names = {"cat", "dog, \"brown\"", "owl"}, .classes = 3};
  PredictionRow row = example_row();
  row.input = "a,b.bin#17";
  CHECK(prediction_line(format, row).substr(0, 37) ==
        "17,\"a,b.bin#17\",2,1,\"dog, \"\"brown\"\"\",");
  row.input = "plain name.bin#17";
  CHECK(prediction_line(format, row).substr(0, 21) == "17,plain name.bin#17,");
}

TEST_CASE("names cannot steer what shows CSV, and JSON holds them escaped") {
  const std::string name = "a\n\x1b[2J\x07\x7f\u009b\u202e\u2066z";
  PredictionFormat format{
      .csv = true, .class_names = {"cat", name, "owl"}, .classes = 3, .top_k = 1};
  PredictionRow row = example_row();
  row.input = name;
  row.prediction_set = {1, 0};
  const std::string csv = prediction_line(format, row);
  CHECK(csv.substr(0, csv.find(",0.5")) == "17,a??[2J?????z,2,1,a??[2J?????z");
  CHECK(csv.substr(csv.find(",,")) == ",,a??[2J?????z,0.5,a??[2J?????z;cat\n");
  format.csv = false;
  const std::string json = prediction_line(format, row);
  CHECK(json.find("a\\n\\u001b[2J\\u0007\\u007f\\u009b\\u202e\\u2066z") != std::string::npos);
  CHECK(json.find('\x7f') == std::string::npos);
  CHECK(json.find("\u009b") == std::string::npos);
  CHECK(json.find("\u202e") == std::string::npos);
  CHECK(bnn::testing::parsed(json)["class"].get<std::string>() == name);
}

TEST_CASE("a spreadsheet takes no name in CSV for a formula") {
  PredictionFormat format{.csv = true, .class_names = {"cat", "=1+1", "@owl"}, .classes = 3};
  PredictionRow row = example_row();
  row.input = "+a,b";
  row.prediction_set = {0, 2, 1};
  const std::string csv = prediction_line(format, row);
  CHECK(csv.substr(0, csv.find(",0.5")) == "17,\"'+a,b\",2,1,'=1+1");
  CHECK(csv.substr(csv.find(",,")) == ",,cat;'@owl;'=1+1\n");
  for (const std::string ours : {"-", "-#17"}) {  // standard input
    row.input = ours;
    CHECK(prediction_line(format, row).substr(0, ours.size() + 4) == "17," + ours + ",");
  }
  row.input = "-x";
  CHECK(prediction_line(format, row).substr(0, 7) == "17,'-x,");
  format.csv = false;
  CHECK(bnn::testing::parsed(prediction_line(format, row))["class"].get<std::string>() == "=1+1");
}

TEST_CASE("a file name that is not UTF-8 becomes valid text in both formats") {
  PredictionRow row = example_row();
  row.input = "bad\xff\xc3.bin#17";
  for (const bool csv : {false, true}) {
    const std::string line = prediction_line({.csv = csv, .classes = 3}, row);
    CHECK(line.find('\xff') == std::string::npos);
    CHECK(line.find("bad\xEF\xBF\xBD\xEF\xBF\xBD.bin#17") != std::string::npos);
  }
  row.input = "tab\tline\nname\"\x1b[31m";
  const std::string line = prediction_line({.classes = 3}, row);
  CHECK(std::count(line.begin(), line.end(), '\n') == 1);
  CHECK(line.find('\x1b') == std::string::npos);
  CHECK(bnn::testing::parsed(line)["input"].get<std::string>() == row.input);
}

TEST_CASE("numbers read back to the same double") {
  PredictionRow row = example_row();
  for (const double value : {1.0 / 3, 0.1, 5e-324, 1.17549435e-38, std::nextafter(1.0, 0.0),
                             static_cast<double>(0.7f), std::exp(-50.0)}) {
    row.summary.confidence = value;
    const Json line = bnn::testing::parsed(prediction_line({.classes = 3}, row));
    CHECK(line["confidence"].get<double>() == value);
    const std::string csv = prediction_line({.csv = true, .classes = 3}, row);
    const std::string head = "17,test_batch.bin#17,2,1,";
    REQUIRE(csv.substr(0, head.size()) == head);
    CHECK(std::strtod(csv.c_str() + head.size(), nullptr) == value);
  }
  CHECK(shortest(0.1) == "0.1");
  CHECK(shortest(1e-20) == "1e-20");
}

TEST_CASE("more predictions than names are called by their index") {
  PredictionRow row = example_row();
  row.summary.predicted = 2;
  const PredictionFormat format{.class_names = {"cat"}, .classes = 3};
  CHECK(bnn::testing::parsed(prediction_line(format, row))["class"] == 2);
}

}  // namespace
}  // namespace bnn
