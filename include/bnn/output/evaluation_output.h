#pragma once
// The result of an evaluation as one JSON object, for programs, or as a report, for a person.
//
// JSON keys, in this order: examples, samples, members (if more than one), the ten oldest of
// kNamedMetrics, per_class (class and the members of ClassMetrics), confusion_matrix
// ([label][predicted]), calibration (lower, upper, count, confidence, accuracy), the other named
// metrics, brier_decomposition (kBrierParts), risk_at_coverage and risk_coverage (lists of
// coverage, risk). Then what was measured: intervals ([lower, upper] for each named metric and
// Brier part, and in the lists risk_at_coverage and per_class), mean_weights (the named metrics of
// one pass with the posterior means and brier_decomposition), samples_sweep (a list of samples and
// kSweepMetrics), ood (examples, positive_class, and for each of kOodScores auroc, aupr and fpr95
// with the out-of-distribution set as the positive class, and aupr_in with the test set), pruning
// (pruning_output.h), temperature, conformal (conformal_output.h), corruptions and corruption_means
// (corruption_output.h).
//
// `class` is the name of the class, or its index where names are not known. What is undefined is
// null: the confidence and accuracy of an empty bin, the recall of a class without examples, the
// precision of one never predicted, a confusion matrix of more than 2048 classes, every mean of no
// examples, the intervals of class_ece, reliability and resolution where there are more than 2^25
// class probabilities. infer/metrics.h, infer/bootstrap.h and infer/ood.h define the numbers.
// Thread-safe: no state.

#include <string>

#include "bnn/infer/evaluation.h"

namespace bnn {

/// One line, line feed included.
std::string evaluation_json(const Evaluation& evaluation);

/// A report of lines of at most 80 columns: the metrics with intervals and those of the mean
/// weights, risk by coverage, the sample sweep, a reliability table, a table of the classes and,
/// for 2 to 20 classes, the confusion matrix.
std::string evaluation_text(const Evaluation& evaluation);

}  // namespace bnn
