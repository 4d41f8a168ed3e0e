#pragma once
// One line of text for one prediction: a JSON object (JSON Lines) or a row of CSV.
//
// JSON keys, in this order: index, input, label (if the file has one), predicted, class (if names
// are known), confidence, probabilities, probabilities_std, predictive_entropy, expected_entropy,
// mutual_information, variation_ratio, abstain, and with top_k > 0 also top_k: a list of {"class":
// name or else index, "probability"}, best first, equal probabilities by ascending index.
// abstain is null, in CSV empty, where no threshold was given.
// prediction_set follows if sets are asked for: a list of class names or else indices, most
// probable first; in CSV, separated by semicolons. The scores for images of another kind are last
// (infer/outlier_scores.h): energy, max_logit and, if class Gaussians are known, mahalanobis. CSV
// has the same columns, with probabilities
// spread over p0, p1, …, probabilities_std over p0_std, p1_std, … and top_k over top_1,
// top_1_probability, top_2, …; a row without a label leaves that field empty. Fields are quoted as
// RFC 4180 says; lines end in a line feed.
//
// Entropies are in nats. Numbers are the shortest text that reads back to the same double.
//
// Names of files and classes are not trusted. JSON has them exactly, and escapes control
// characters, those of bidirectional text and line separators (display_text.h) as \uXXXX. CSV is
// for people and for spreadsheets. Each of those characters becomes a "?". A name that begins with
// =, +, - or @ gets an apostrophe before it, because a spreadsheet would compute it. In both, bytes
// that are not UTF-8 become U+FFFD. Thread-safe: no state.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "bnn/infer/summary.h"

namespace bnn {

struct PredictionRow {
  std::size_t index = 0;          // of the line, over all inputs
  std::string input = {};         // file and place in it: "test_batch.bin#17"; or an image file
  std::optional<int> label = {};  // if the file has one
  Summary summary = {};           // of format.classes classes
  std::optional<std::vector<int>> prediction_set = {};  // if format.prediction_sets
};

struct PredictionFormat {
  bool csv = false;
  std::vector<std::string> class_names = {};  // empty: not known
  int classes = 0;
  int top_k = 0;  // 0: no list; more than `classes` lists them all
  // Abstains where the score, of kUncertaintyScores or kOutlierScores, is above the first or the
  // confidence below the second; absent: never.
  std::optional<double> abstain_above = {};
  bool has_labels = true;  // whether CSV has the column `label`
  double Summary::*abstain_score = &Summary::predictive_entropy;
  std::optional<double> abstain_below = {};
  bool prediction_sets = false;
  bool has_header = true;  // of CSV
  std::size_t scores = 0;  // of kOutlierScores, the first ones
};

/// The header line of CSV, if it has one; empty for JSON Lines.
std::string prediction_header(const PredictionFormat& format);

/// One line, line feed included.
std::string prediction_line(const PredictionFormat& format, const PredictionRow& row);

/// The line of JSON Lines for an image that could not be decoded: index, input and error, a
/// sentence.
std::string error_line(std::size_t index, const std::string& input, const std::string& problem);

}  // namespace bnn
