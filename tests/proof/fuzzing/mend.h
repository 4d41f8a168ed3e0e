#pragma once
// Checksums, lengths and offsets of a mutated input, set right by the formats' own descriptions and
// without the product's code for them. What has not the form of its format stays as it is.

#include <cstdint>
#include <vector>

namespace bnn::fuzzing {

using Input = std::vector<std::uint8_t>;

/// The length of a safetensors file's header.
void mend_header_length(Input& input);
/// That, the offsets of the tensors, their data, and the digest of a checkpoint.
void mend_checkpoint(Input& input);
/// The digest at the end of a calibration.
void mend_calibration(Input& input);
/// Lengths and checksums of the records of an event file.
void mend_events(Input& input);
/// Lengths and checksums of chunks.
void mend_png(Input& input);

}  // namespace bnn::fuzzing
