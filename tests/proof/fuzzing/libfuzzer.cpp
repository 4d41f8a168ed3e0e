// What libFuzzer calls. The name that the program is called by, bnn-fuzz-TARGET, chooses the
// target.

#include <cerrno>
#include <cstring>
#include <string>

#include "target.h"

namespace {

using bnn::fuzzing::Target;

const Target& target() {
  static const Target* const chosen = [] {
    const std::string name = program_invocation_short_name;
    const Target* found = bnn::fuzzing::find_target(name.substr(name.rfind('-') + 1));
    if (found == nullptr) bnn::fuzzing::fail(name + ": expected bnn-fuzz-TARGET");
    return found;
  }();
  return *chosen;
}

}  // namespace

extern "C" {

std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bnn::fuzzing::run_target(target(), {data, size});
  return 0;
}

// One mutation of eight leaves checksums wrong.
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                    unsigned seed) {
  size = LLVMFuzzerMutate(data, size, most);
  if (target().mend == nullptr || seed % 8 == 0) return size;
  std::vector<std::uint8_t> bytes(data, data + size);
  target().mend(bytes);
  if (bytes.size() > most) return size;
  std::memcpy(data, bytes.data(), bytes.size());
  return bytes.size();
}

}  // extern "C"
