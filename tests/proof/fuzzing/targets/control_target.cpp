// The control: a reader with a defect that the proof must find. It takes the number behind a magic
// word for a place in its buffer, whatever the buffer holds.

#include "targets/targets.h"

namespace bnn::fuzzing {

void fuzz_control(Bytes input) {
  constexpr std::string_view kMagic = "FUZZ";
  if (!as_text(input).starts_with(kMagic) || input.size() == kMagic.size()) return;
  const std::vector<std::uint8_t> buffer(input.begin(), input.end());
  const std::uint8_t place = buffer[kMagic.size()];
  const std::uint8_t value = buffer.data()[place];  // maybe past its end, which a sanitizer sees
  require(place < buffer.size(), "the control read " + std::to_string(value) + " past its end");
}

}  // namespace bnn::fuzzing
