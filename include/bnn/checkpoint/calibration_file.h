#pragma once
// The calibration of a checkpoint: a small JSON file beside it, CHECKPOINT.calibration.json.
//
//     format "bnn-calibration", format_version "3"
//     checkpoint       digest of the checkpoint that it belongs to
//     samples, mean_weights, seed                 how the probabilities were made
//     examples, classes                           of the validation split
//     temperature, nll_before, nll_after, ece_before, ece_after
//     scores           sorted conformal scores (infer/conformal.h):
//                      {"lac": [...], "aps": [...], "raps": [...]}
//     scaled_scores    the same of probabilities scaled by the temperature
//     digest           "crc32:" and eight hexadecimal digits
//
// The digest is that of the bytes of the file up to the comma before the key "digest", which is the
// last: no byte of the file can be changed unnoticed. Versions 1 and 2, which are still read, have
// no scores "raps"; in version 1 the digest is that of the values, written as JSON without spaces.
// A file that was changed or belongs to other weights is refused. Thread-safe: no state.

#include <cstdint>
#include <map>
#include <string>

#include "bnn/infer/conformal.h"

namespace bnn {

struct Calibration {
  std::string checkpoint_digest;
  std::int64_t samples = 1;  // passes per example
  bool mean_weights = false;
  std::uint64_t seed = 0;
  std::size_t examples = 0;
  int classes = 0;
  double temperature = 1;
  double nll_before = 0, nll_after = 0, ece_before = 0, ece_after = 0;
  // Of each score, [examples] or fewer; none of a score that the file lacks.
  std::map<ConformalScore, ConformalTable> scores, scaled_scores;
};

std::string calibration_path(const std::string& checkpoint);

/// Replaces the file atomically and durably.
void write_calibration(const std::string& path, const Calibration& calibration);

/// Throws Error(checkpoint) on anything wrong with it, also if it belongs to other weights or to
/// another number of classes; Error(usage), saying how to make one, if there is none.
Calibration read_calibration(const std::string& checkpoint, const std::string& checkpoint_digest,
                             int classes);

}  // namespace bnn
