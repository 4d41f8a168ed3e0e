#pragma once
// Reads TensorBoard event files by the description of their format, sharing no code with what
// writes them: TFRecords, whose checksums are computed bit by bit, and any Protocol Buffers
// message. Throws std::runtime_error on anything that the description does not allow.

#include <bit>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bnn::testing {

struct DecodedHistogram {
  double min = 0, max = 0, count = 0, sum = 0, sum_of_squares = 0;
  std::vector<double> limits, counts;
};

struct DecodedValue {
  std::string tag;
  std::optional<float> scalar;
  std::optional<DecodedHistogram> histogram;
};

struct DecodedEvent {
  double wall_time = 0;
  std::int64_t step = 0;
  std::string file_version;
  std::uint64_t session_status = 0;  // 1: start
  std::vector<DecodedValue> values;
};

inline std::uint32_t crc32c_bit_by_bit(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFFu;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int i = 0; i < 8; ++i) crc = (crc >> 1) ^ ((crc & 1u) != 0 ? 0x82F63B78u : 0u);
  }
  return crc ^ 0xFFFFFFFFu;
}

inline std::uint64_t little_endian_number(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return value;
}

/// The messages of a file of TFRecords.
inline std::vector<std::string> decode_records(std::string_view file) {
  const auto check = [](std::string_view bytes, std::string_view stored) {
    const std::uint32_t crc = crc32c_bit_by_bit(bytes);
    const std::uint32_t masked = ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
    if (little_endian_number(stored) != masked) throw std::runtime_error("wrong checksum");
  };
  std::vector<std::string> messages;
  while (!file.empty()) {
    if (file.size() < 16) throw std::runtime_error("a record that is cut off");
    const std::uint64_t length = little_endian_number(file.substr(0, 8));
    check(file.substr(0, 8), file.substr(8, 4));
    if (length > file.size() - 16) throw std::runtime_error("a message that is cut off");
    check(file.substr(12, length), file.substr(12 + length, 4));
    messages.emplace_back(file.substr(12, length));
    file.remove_prefix(16 + length);
  }
  return messages;
}

/// One field of a message; `bytes` is the value of wire types 1, 2 and 5.
struct DecodedField {
  unsigned number = 0;
  unsigned wire = 0;
  std::uint64_t integer = 0;
  std::string_view bytes;

  double real() const {
    if (wire != 1) throw std::runtime_error("not a double");
    return std::bit_cast<double>(little_endian_number(bytes));
  }
};

inline std::uint64_t take_varint(std::string_view& message) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (message.empty()) break;
    const auto byte = static_cast<unsigned char>(message[0]);
    message.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7Fu) << shift;
    if (byte < 0x80) return value;
  }
  throw std::runtime_error("a varint without an end");
}

inline std::vector<DecodedField> decode_fields(std::string_view message) {
  std::vector<DecodedField> fields;
  while (!message.empty()) {
    const std::uint64_t key = take_varint(message);
    DecodedField field{static_cast<unsigned>(key >> 3), static_cast<unsigned>(key & 7u), 0, {}};
    std::uint64_t length = 0;
    if (field.wire == 0) field.integer = take_varint(message);
    if (field.wire == 1) length = 8;
    if (field.wire == 2) length = take_varint(message);
    if (field.wire == 5) length = 4;
    if (field.wire > 2 && field.wire != 5) throw std::runtime_error("unknown wire type");
    if (length > message.size()) throw std::runtime_error("a field that is cut off");
    field.bytes = message.substr(0, length);
    message.remove_prefix(length);
    fields.push_back(field);
  }
  return fields;
}

inline std::vector<double> decode_doubles(std::string_view packed) {
  if (packed.size() % 8 != 0) throw std::runtime_error("a double that is cut off");
  std::vector<double> values;
  for (std::size_t i = 0; i < packed.size(); i += 8) {
    values.push_back(std::bit_cast<double>(little_endian_number(packed.substr(i, 8))));
  }
  return values;
}

inline DecodedHistogram decode_histogram(std::string_view message) {
  DecodedHistogram h;
  for (const DecodedField& field : decode_fields(message)) {
    if (field.number == 1) h.min = field.real();
    if (field.number == 2) h.max = field.real();
    if (field.number == 3) h.count = field.real();
    if (field.number == 4) h.sum = field.real();
    if (field.number == 5) h.sum_of_squares = field.real();
    if (field.number == 6) h.limits = decode_doubles(field.bytes);
    if (field.number == 7) h.counts = decode_doubles(field.bytes);
  }
  return h;
}

inline DecodedValue decode_value(std::string_view message) {
  DecodedValue value;
  for (const DecodedField& field : decode_fields(message)) {
    if (field.number == 1) value.tag = field.bytes;
    if (field.number == 2) {
      if (field.wire != 5) throw std::runtime_error("not a float");
      value.scalar =
          std::bit_cast<float>(static_cast<std::uint32_t>(little_endian_number(field.bytes)));
    }
    if (field.number == 5) value.histogram = decode_histogram(field.bytes);
  }
  return value;
}

inline std::vector<DecodedEvent> decode_events(std::string_view file) {
  std::vector<DecodedEvent> events;
  for (const std::string& message : decode_records(file)) {
    DecodedEvent event;
    for (const DecodedField& field : decode_fields(message)) {
      if (field.number == 1) event.wall_time = field.real();
      if (field.number == 2) event.step = static_cast<std::int64_t>(field.integer);
      if (field.number == 3) event.file_version = field.bytes;
      if (field.number == 5) {
        for (const DecodedField& value : decode_fields(field.bytes)) {
          if (value.number == 1) event.values.push_back(decode_value(value.bytes));
        }
      }
      if (field.number == 7) {
        for (const DecodedField& log : decode_fields(field.bytes)) {
          if (log.number == 1) event.session_status = log.integer;
        }
      }
    }
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace bnn::testing
