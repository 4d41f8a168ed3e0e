#pragma once
// The bytes of TensorBoard's event files.
//
// A file is a row of TFRecords, all numbers little-endian:
//
//     u64 length | u32 masked CRC-32C of the length | message | u32 masked CRC-32C of the message
//     masked(c) = ((c >> 15) | (c << 17)) + 0xa282ead8
//
// and each message is an Event in the encoding of Protocol Buffers (field number, meaning):
//
//     Event     1 wall_time: double, 2 step: varint, 3 file_version: string, 5 Summary,
//               7 SessionLog {1 status: varint, 1 = start}
//     Summary   1 (repeated) {1 tag: string, 2 simple_value: float, 5 HistogramProto}
//     HistogramProto  1 min, 2 max, 3 num, 4 sum, 5 sum_squares: double,
//                     6 bucket_limit, 7 bucket: packed doubles
//
// The first record of a file names the version, "brain.Event:2". Nothing else is written. The
// encoding is done here, without a library. Thread-safe: no state.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bnn/core/log_histogram.h"

namespace bnn {

struct SummaryValue {
  std::string tag;
  std::variant<double, LogHistogram> value;
};

/// One record each. Wall time in seconds since 1970.
std::string version_record(double wall_time);
/// Tells a reader that a run begins, or continues, with this step: records of this step and of
/// later ones that it has seen do not count.
std::string start_record(double wall_time, std::uint64_t step);
std::string summary_record(double wall_time, std::uint64_t step,
                           const std::vector<SummaryValue>& values);

/// What is whole at the beginning of a file of such records.
struct EventFilePart {
  std::size_t bytes = 0;             // of the records to keep
  std::size_t summaries = 0;         // how many of them are summaries
  std::vector<std::uint64_t> steps;  // of these, in their order
};

/// The records up to `step`, and of that step itself at most `summaries_of_step` summaries. A
/// record that is cut off, damaged or not of this module's making ends the part.
EventFilePart events_up_to(std::string_view file, std::uint64_t step,
                           std::size_t summaries_of_step);

}  // namespace bnn
