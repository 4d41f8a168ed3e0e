// Ends the program with a sentence where the processor lacks instructions that it was compiled for.
// Without it the first such instruction would end it by a signal (SIGILL).
//
// This file is compiled for every x86-64 processor, calls nothing of C++'s library, and runs before
// all other code of the program: as a constructor, before main. BNN_PROCESSOR_NEEDS names what the
// other files were compiled for, and BNN_PROCESSOR_ADVICE what to do (CMakeLists.txt).

#include <cstdio>
#include <unistd.h>

#include "bnn/core/missing_feature.h"

namespace {

[[gnu::constructor(101)]] void require_processor() {
  const char* missing = bnn::missing_feature(BNN_PROCESSOR_NEEDS);
  if (missing == nullptr) return;
  char sentence[256];
  const int size = std::snprintf(
      sentence, sizeof sentence,
      "bnn: error: this processor has no %s, which the program was compiled for; %s\n", missing,
      BNN_PROCESSOR_ADVICE);
  if (size > 0 && write(STDERR_FILENO, sentence, static_cast<std::size_t>(size)) < 0) _exit(70);
  _exit(70);
}

}  // namespace
