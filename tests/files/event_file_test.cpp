// The bytes of event files against a decoder written from the description of the format.

#include "bnn/files/event_file.h"

#include <catch2/catch.hpp>

#include "bnn/files/crc32c.h"
#include "support/event_file_reader.h"

namespace bnn::testing {
namespace {

std::string three_steps() {
  return version_record(1.5) + summary_record(2.0, 5, {{"loss", 1.0}}) +
         summary_record(2.5, 5, {{"validation/nll", 2.0}}) +
         summary_record(3.0, 10, {{"loss", 0.5}}) +
         summary_record(3.5, 10, {{"validation/nll", 1.5}});
}

std::size_t steps_in(std::string_view bytes, std::int64_t step) {
  std::size_t count = 0;
  for (const DecodedEvent& event : decode_events(bytes)) {
    count += event.step == step && !event.values.empty();
  }
  return count;
}

}  // namespace

TEST_CASE("CRC-32C has the check value of its catalogue entry and those of RFC 3720") {
  CHECK(crc32c("123456789") == 0xE3069283u);
  CHECK(crc32c("") == 0u);
  CHECK(crc32c(std::string(32, '\0')) == 0x8A9136AAu);
  CHECK(crc32c(std::string(32, '\xff')) == 0x62A8AB43u);
  std::string ascending;
  for (int i = 0; i < 32; ++i) ascending += static_cast<char>(i);
  CHECK(crc32c(ascending) == 0x46DD794Eu);
  CHECK(crc32c_bit_by_bit("123456789") == 0xE3069283u);  // that of the decoder, too
}

TEST_CASE("a record is length, masked checksum, message, masked checksum") {
  const std::string record = version_record(1.5);
  // wall_time 1.5 is 0x3FF8000000000000; then step 0 and the version's 13 bytes.
  const std::string message =
      std::string("\x09\0\0\0\0\0\0\xf8\x3f\x10\0\x1a\x0d", 13) + "brain.Event:2";
  REQUIRE(record.size() == 12 + message.size() + 4);
  CHECK(record.substr(0, 8) == std::string("\x1a\0\0\0\0\0\0\0", 8));
  CHECK(record.substr(12, message.size()) == message);
  CHECK(decode_records(record) == std::vector<std::string>{message});
}

TEST_CASE("events say what they were given") {
  LogHistogram histogram;
  histogram.min = 0.25;
  histogram.max = 3.0;
  histogram.count = 4.0;
  histogram.sum = 5.25;
  histogram.sum_of_squares = 11.0;
  histogram.limits = {1.0, 10.0};
  histogram.counts = {3.0, 1.0};
  const std::uint64_t step = 300'000'000'000;  // more than fits 32 bits
  const std::string long_tag(300, 'x');
  const auto events = decode_events(
      version_record(10.5) + start_record(11.0, 128) +
      summary_record(12.25, step, {{"loss", -0.1}, {long_tag, 3.0}, {"scale/conv", histogram}}));
  REQUIRE(events.size() == 3);
  CHECK(events[0].wall_time == 10.5);
  CHECK(events[0].file_version == "brain.Event:2");
  CHECK(events[1].step == 128);
  CHECK(events[1].session_status == 1);
  CHECK(events[2].wall_time == 12.25);
  CHECK(events[2].step == static_cast<std::int64_t>(step));
  REQUIRE(events[2].values.size() == 3);
  CHECK(events[2].values[0].tag == "loss");
  CHECK(events[2].values[0].scalar == -0.1f);
  CHECK(events[2].values[1].tag == long_tag);
  CHECK(events[2].values[1].scalar == 3.0f);
  CHECK(events[2].values[2].tag == "scale/conv");
  CHECK_FALSE(events[2].values[2].scalar.has_value());
  REQUIRE(events[2].values[2].histogram.has_value());
  const DecodedHistogram& found = *events[2].values[2].histogram;
  CHECK(found.min == 0.25);
  CHECK(found.max == 3.0);
  CHECK(found.count == 4.0);
  CHECK(found.sum == 5.25);
  CHECK(found.sum_of_squares == 11.0);
  CHECK(found.limits == histogram.limits);
  CHECK(found.counts == histogram.counts);
}

TEST_CASE("what is kept of a file ends with a step, or with its first summary") {
  const std::string file = three_steps();
  const auto kept = [&](std::uint64_t step, std::size_t of_step) {
    const EventFilePart part = events_up_to(file, step, of_step);
    const auto events = decode_events(std::string_view(file).substr(0, part.bytes));
    CHECK(part.summaries == events.size() - 1);
    return part;
  };
  CHECK(kept(10, 2).bytes == file.size());
  CHECK(kept(99, 2).bytes == file.size());
  CHECK(kept(10, 1).summaries == 3);
  CHECK(kept(9, 2).summaries == 2);
  CHECK(kept(5, 2).summaries == 2);
  CHECK(kept(5, 1).summaries == 1);
  CHECK(kept(4, 2).summaries == 0);
  const std::string start = version_record(1) + start_record(1, 6) + summary_record(1, 10, {});
  CHECK(events_up_to(start, 5, 2).bytes == version_record(1).size());
  CHECK(steps_in(file, 10) == 2);
}

TEST_CASE("a file that is cut off or damaged anywhere is kept up to the record before") {
  const std::string file = three_steps();
  std::vector<std::size_t> ends = {0};
  for (const std::string& message : decode_records(file)) {
    ends.push_back(ends.back() + 16 + message.size());
  }
  const auto last_end = [&](std::size_t bytes) {
    std::size_t end = 0;
    for (const std::size_t e : ends) end = e <= bytes ? e : end;
    return end;
  };
  for (std::size_t size = 0; size < file.size(); ++size) {
    CHECK(events_up_to(file.substr(0, size), 99, 2).bytes == last_end(size));
    std::string damaged = file;
    damaged[size] = static_cast<char>(damaged[size] ^ 0x10);
    CHECK(events_up_to(damaged, 99, 2).bytes == last_end(size));
  }
  CHECK(events_up_to(std::string(1000, '\xff'), 99, 2).bytes == 0);
}

}  // namespace bnn::testing
