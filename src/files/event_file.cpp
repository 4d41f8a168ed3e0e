#include "bnn/files/event_file.h"

#include <bit>
#include <optional>

#include "bnn/files/crc32c.h"
#include "bnn/files/protobuf.h"

namespace bnn {
namespace {

using namespace protobuf;

constexpr std::size_t kHeaderBytes = 12, kTrailerBytes = 4;

std::uint64_t from_little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

std::uint32_t masked_crc(std::string_view bytes) {
  return std::rotr(crc32c(bytes), 15) + 0xa282ead8u;
}

std::string record(std::string_view message) {
  const std::string length = little_endian<std::uint64_t>(message.size());
  std::string bytes = length + little_endian(masked_crc(length));
  bytes += message;
  return bytes + little_endian(masked_crc(message));
}

std::string histogram_message(const LogHistogram& h) {
  return double_field(1, h.min) + double_field(2, h.max) + double_field(3, h.count) +
         double_field(4, h.sum) + double_field(5, h.sum_of_squares) + doubles_field(6, h.limits) +
         doubles_field(7, h.counts);
}

std::string value_message(const SummaryValue& value) {
  const std::string tag = bytes_field(1, value.tag);
  if (const auto* histogram = std::get_if<LogHistogram>(&value.value)) {
    return tag + bytes_field(5, histogram_message(*histogram));
  }
  return tag + float_field(2, static_cast<float>(std::get<double>(value.value)));
}

// Every event begins like this, so that events_up_to finds the step.
std::string event_head(double wall_time, std::uint64_t step) {
  return double_field(1, wall_time) + varint_field(2, step);
}

struct EventHead {
  std::uint64_t step;
  bool is_summary;
};

std::optional<EventHead> read_head(std::string_view message) {
  const std::string time_key = key(1, Wire::fixed64), step_key = key(2, Wire::varint);
  constexpr std::size_t kStepAt = 10;  // behind two keys of one byte and the time
  if (message.size() < kStepAt || message[0] != time_key[0] || message[9] != step_key[0]) {
    return std::nullopt;
  }
  EventHead head{};
  std::size_t at = kStepAt;
  for (int shift = 0; shift < 64; shift += 7, ++at) {
    if (at >= message.size()) return std::nullopt;
    const auto byte = static_cast<unsigned char>(message[at]);
    head.step |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) break;
  }
  const std::string summary_key = key(5, Wire::length);
  head.is_summary = at + 1 < message.size() && message[at + 1] == summary_key[0];
  return head;
}

// The message of the record that the bytes begin with, if it is whole.
std::optional<std::string_view> first_message(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes + kTrailerBytes) return std::nullopt;
  const std::uint64_t length = from_little_endian(bytes.substr(0, 8));
  if (from_little_endian(bytes.substr(8, 4)) != masked_crc(bytes.substr(0, 8))) return std::nullopt;
  if (length > bytes.size() - kHeaderBytes - kTrailerBytes) return std::nullopt;
  const std::string_view message = bytes.substr(kHeaderBytes, length);
  const std::string_view crc = bytes.substr(kHeaderBytes + length, kTrailerBytes);
  if (from_little_endian(crc) != masked_crc(message)) return std::nullopt;
  return message;
}

}  // namespace

std::string version_record(double wall_time) {
  return record(event_head(wall_time, 0) + bytes_field(3, "brain.Event:2"));
}

std::string start_record(double wall_time, std::uint64_t step) {
  return record(event_head(wall_time, step) + bytes_field(7, varint_field(1, 1)));
}

std::string summary_record(double wall_time, std::uint64_t step,
                           const std::vector<SummaryValue>& values) {
  std::string summary;
  for (const SummaryValue& value : values) summary += bytes_field(1, value_message(value));
  return record(event_head(wall_time, step) + bytes_field(5, summary));
}

EventFilePart events_up_to(std::string_view file, std::uint64_t step,
                           std::size_t summaries_of_step) {
  EventFilePart part;
  std::size_t of_step = 0;
  while (const auto message = first_message(file.substr(part.bytes))) {
    const auto head = read_head(*message);
    if (!head || head->step > step) break;
    if (head->is_summary) {
      if (head->step == step && ++of_step > summaries_of_step) break;
      ++part.summaries;
      part.steps.push_back(head->step);
    }
    part.bytes += kHeaderBytes + message->size() + kTrailerBytes;
  }
  return part;
}

}  // namespace bnn
