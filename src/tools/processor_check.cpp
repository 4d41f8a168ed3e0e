// Ends the program with a sentence where the processor lacks instructions that it was compiled for.
// Without it the first such instruction would end it by a signal (SIGILL).
//
// This file is compiled for every x86-64 processor, calls nothing of C++'s library, and runs before
// all other code of the program: as a constructor, before main. BNN_PROCESSOR_NEEDS names what the
// other files were compiled for, and BNN_PROCESSOR_ADVICE what to do (CMakeLists.txt).

#include <cstdio>
#include <cstring>
#include <unistd.h>

namespace {

struct Feature {
  const char* name;
  bool is_there;
};

// The first feature of the list that the processor lacks, or null.
const char* missing_feature(const char* needs) {
  __builtin_cpu_init();
  const Feature features[] = {
      {"ssse3", __builtin_cpu_supports("ssse3") != 0},
      {"sse4.1", __builtin_cpu_supports("sse4.1") != 0},
      {"sse4.2", __builtin_cpu_supports("sse4.2") != 0},
      {"popcnt", __builtin_cpu_supports("popcnt") != 0},
      {"avx", __builtin_cpu_supports("avx") != 0},
      {"avx2", __builtin_cpu_supports("avx2") != 0},
      {"fma", __builtin_cpu_supports("fma") != 0},
      {"bmi", __builtin_cpu_supports("bmi") != 0},
      {"bmi2", __builtin_cpu_supports("bmi2") != 0},
      {"avx512f", __builtin_cpu_supports("avx512f") != 0},
      {"avx512bw", __builtin_cpu_supports("avx512bw") != 0},
      {"avx512cd", __builtin_cpu_supports("avx512cd") != 0},
      {"avx512dq", __builtin_cpu_supports("avx512dq") != 0},
      {"avx512vl", __builtin_cpu_supports("avx512vl") != 0},
      {"avx512vbmi", __builtin_cpu_supports("avx512vbmi") != 0},
      {"avx512ifma", __builtin_cpu_supports("avx512ifma") != 0},
      {"avx512vnni", __builtin_cpu_supports("avx512vnni") != 0},
      {"avx512vbmi2", __builtin_cpu_supports("avx512vbmi2") != 0},
      {"avx512bitalg", __builtin_cpu_supports("avx512bitalg") != 0},
      {"avx512vpopcntdq", __builtin_cpu_supports("avx512vpopcntdq") != 0},
  };
  for (const Feature& feature : features) {
    const char* found = std::strstr(needs, feature.name);
    const std::size_t length = std::strlen(feature.name);
    while (found != nullptr && found[length] != ' ' && found[length] != '\0') {
      found = std::strstr(found + 1, feature.name);  // "avx" is a part of "avx2"
    }
    if (found != nullptr && !feature.is_there) return feature.name;
  }
  return nullptr;
}

[[gnu::constructor(101)]] void require_processor() {
  const char* missing = missing_feature(BNN_PROCESSOR_NEEDS);
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
