#pragma once
// A fuzz target: a function that takes any bytes as one of the project's inputs.
//
// It may return, or throw bnn::Error as a user would see it. All else is a finding: `run_target`
// then ends the process by abort, as `fail` does, and whoever runs the target keeps the input.
// A target whose input has a checksum or a length brings `mend`, which sets them right. Without it
// almost no mutated input would get further.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bnn::fuzzing {

using Bytes = std::span<const std::uint8_t>;

struct Target {
  std::string_view name;
  void (*run)(Bytes input);
  void (*mend)(std::vector<std::uint8_t>& input) = nullptr;
};

std::span<const Target> all_targets();
/// Null if there is none.
const Target* find_target(std::string_view name);

void run_target(const Target& target, Bytes input);

[[noreturn]] void fail(std::string_view sentence);
inline void require(bool holds, std::string_view sentence) {
  if (!holds) fail(sentence);
}

/// Text of an error or a warning as users see it: one line of printable UTF-8, 500 bytes at most.
void require_sentence(std::string_view text);

inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline std::string as_string(Bytes bytes) { return std::string(as_text(bytes)); }

/// Takes the bytes up to a separator off the front; all if there is none.
Bytes take_field(Bytes& rest, std::uint8_t separator);

}  // namespace bnn::fuzzing
