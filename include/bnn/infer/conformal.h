#pragma once
// Split-conformal prediction sets: lists of classes that hold the label with a chosen probability,
// however good the network is (Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random
// World", 2005).
//
// A score s(x, y) says how badly label y fits image x. Of n examples that were not trained on, the
// scores of their labels are sorted; the threshold is the k-th smallest, k = ceil((n + 1)
// coverage), and the set of an image holds every class whose score is at most the threshold. If the
// n examples and a new one are exchangeable, its label is in its set with probability at least
// `coverage`, averaged over examples (not within each class). If k > n there is no such score:
// every class.
//
//   lac   1 - p[y] (Sadinle, Lei and Wasserman, JASA 2019): the smallest sets on average. A set is
//         empty where no class is probable enough, which is a sign of a strange image.
//   aps   sum of p over the classes ranked before y (Romano, Sesia and Candès, "Classification with
//         Valid and Adaptive Coverage", NeurIPS 2020, without its randomisation): hard images get
//         larger sets. The most probable class scores 0, so a set is never empty, and coverage is
//         above the target where the first guess alone is right more often than that.
//   raps  the same plus 0.01 for each rank after the second (Angelopoulos et al., "Uncertainty Sets
//         for Image Classifiers using Conformal Prediction", ICLR 2021): tails of many improbable
//         classes stay out of the sets, which makes the largest of them smaller.
//
// Classes are ranked by falling probability, the lower index first among equals. Thread-safe: no
// state, except ConformalCollector.

#include <cstddef>
#include <span>
#include <vector>

#include "bnn/core/enum_names.h"

namespace bnn {

enum class ConformalScore { lac, aps, raps };

constexpr EnumNames<ConformalScore, 3> kConformalScoreNames = {
    {{ConformalScore::lac, "lac"}, {ConformalScore::aps, "aps"}, {ConformalScore::raps, "raps"}}};

/// The score of every class.
std::vector<double> conformal_scores(ConformalScore score, std::span<const double> probabilities);

/// The sorted scores of n calibration examples, thinned out if there are very many. A threshold
/// then is the next stored score that is not below the exact one: coverage is kept.
class ConformalTable {
 public:
  static constexpr std::size_t kMaxStored = 10000;

  /// No examples.
  ConformalTable() = default;

  /// @param scores of the labels, in any order; at least one
  explicit ConformalTable(std::vector<double> scores);
  /// As `stored` and `examples` gave them.
  ConformalTable(std::vector<double> stored, std::size_t examples);

  std::size_t examples() const { return examples_; }
  /// Ascending; number j of m is the score of rank ceil((j + 1) n / m).
  const std::vector<double>& stored() const { return stored_; }

  /// Infinity if n is too small for the coverage.
  /// @param coverage in (0, 1)
  double threshold(double coverage) const;

 private:
  std::vector<double> stored_;
  std::size_t examples_ = 0;
};

/// Everything that makes a set of an image's probabilities.
struct ConformalRule {
  ConformalScore score = ConformalScore::lac;
  double target = 0;     // the coverage asked for
  double threshold = 0;  // a class is in the set if its score is at most this; may be infinite
  std::size_t calibration_examples = 0;
};

/// The classes of the set, most probable first.
std::vector<int> prediction_set(const ConformalRule& rule, std::span<const double> probabilities);

/// What the sets of labelled examples came to.
struct ConformalResult {
  ConformalRule rule = {};
  double coverage = 0;                        // share of the examples whose set holds the label
  double mean_size = 0;                       // classes in a set
  std::vector<std::size_t> size_counts = {};  // [classes + 1]: how many sets have that many classes
  std::vector<std::size_t> size_covered = {};  // [classes + 1]: how many of them hold the label
  std::vector<double> class_coverage = {};     // [classes]: by label; NaN without examples
};

/// Coverage and sizes of the sets of labelled examples, added one by one. Not thread-safe.
class ConformalCollector {
 public:
  ConformalCollector(const ConformalRule& rule, int classes);

  void add(std::span<const double> probabilities, int label);
  /// Without examples coverage and mean size are NaN.
  ConformalResult finish() const;

 private:
  ConformalRule rule_;
  std::vector<std::size_t> sizes_, covered_sizes_;      // [classes + 1]
  std::vector<std::size_t> labelled_, covered_labels_;  // [classes]
};

}  // namespace bnn
