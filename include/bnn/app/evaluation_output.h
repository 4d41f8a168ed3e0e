#pragma once
// The result of an evaluation as one JSON object, for programs, or as a report, for a person.
//
// JSON keys, in this order: examples, samples, accuracy, nll, brier, ece, adaptive_ece, mce,
// predictive_entropy, expected_entropy, mutual_information, aurc, per_class (class, examples,
// accuracy, precision, recall), confusion_matrix ([label][predicted]), calibration (lower, upper,
// count, confidence, accuracy), and ood (for each score auroc, aupr, fpr95) if it was measured.
// `class` is the name of the class, or its index where names are not known. What is undefined is
// null: the confidence and accuracy of an empty bin, the recall of a class without examples, the
// precision of one never predicted, a confusion matrix of more than 2048 classes, every mean of no
// examples. infer/metrics.h and infer/ood.h define the numbers. Thread-safe: no state.

#include <string>

#include "bnn/infer/evaluation.h"

namespace bnn {

/// One line, line feed included.
std::string evaluation_json(const Evaluation& evaluation);

/// A report of lines of at most 80 columns: the metrics with a few words on each, a reliability
/// table, a table of the classes and, for 2 to 20 classes, the confusion matrix.
std::string evaluation_text(const Evaluation& evaluation);

}  // namespace bnn
