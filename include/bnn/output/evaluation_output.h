#pragma once
// The result of an evaluation as one JSON object, for programs, or as a report, for a person.
//
// JSON keys, in this order: examples, samples, accuracy, nll, brier, ece, adaptive_ece, mce,
// predictive_entropy, expected_entropy, mutual_information, aurc, per_class (class, examples,
// accuracy, precision, recall), confusion_matrix ([label][predicted]), calibration (lower, upper,
// count, confidence, accuracy), class_ece, brier_decomposition (reliability, resolution,
// uncertainty), risk_at_coverage and risk_coverage (lists of coverage, risk); and if they were
// measured: intervals ([lower, upper] for each metric and part of brier_decomposition, and in the
// lists risk_at_coverage and per_class), mean_weights (the metrics of one pass with the posterior
// means and brier_decomposition), samples_sweep (list of samples, accuracy, nll, brier, ece,
// mutual_information), ood (examples, positive_class, and for each score auroc, aupr, fpr95, with
// the out-of-distribution set as the positive class, and aupr_in, with the test set), pruning
// (evaluation_pruning.h), temperature, conformal (conformal_output.h), corruptions (a list of
// corruption, severity, accuracy, nll, ece) and corruption_means (the same over all corruptions, by
// severity). `class` is the name of the class, or its index where names are not known. What is
// undefined is null: the confidence and accuracy of an empty bin, the recall of a class without
// examples, the precision of one never predicted, a confusion matrix of more than 2048 classes,
// every mean of no examples, the intervals of class_ece, reliability and resolution where there are
// more than 2^25 class probabilities. infer/metrics.h, infer/bootstrap.h and infer/ood.h define the
// numbers. Thread-safe: no state.

#include <string>

#include "bnn/infer/evaluation.h"

namespace bnn {

/// One line, line feed included.
std::string evaluation_json(const Evaluation& evaluation);

/// A report of lines of at most 80 columns: the metrics with intervals beside those of the mean
/// weights, risk by coverage, the sample sweep, a reliability table, a table of the classes and,
/// for 2 to 20 classes, the confusion matrix.
std::string evaluation_text(const Evaluation& evaluation);

}  // namespace bnn
