#pragma once
// Which of the instructions that code was compiled for a processor lacks. To be included by files
// that are compiled for every x86-64 processor, so that the question itself can be asked on all of
// them; hence a header with internal linkage, which calls nothing of C++'s library. Elsewhere than
// on x86-64 nothing is missing.

#include <cstddef>
#include <cstring>

namespace bnn {
namespace {

#if defined(__x86_64__)

struct Feature {
  const char* name;
  bool is_there;
};

/// The first feature of the list that the processor lacks, or null.
/// @param needs names separated by spaces, as GCC has them: "ssse3 sse4.1"
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

#else

const char* missing_feature(const char*) { return nullptr; }

#endif

}  // namespace
}  // namespace bnn
