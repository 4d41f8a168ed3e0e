#pragma once
// What every refusal must be: the documented kind, and one sentence that names the file.

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

#include "bnn/core/error.h"

namespace bnn::proof {

/// How the reading of a mutant ended.
enum class End {
  refused,
  accepted,    // and everything that it is good for works
  not_finite,  // accepted; a prediction is refused because its numbers are not finite
  too_large,   // accepted; a prediction would take much memory, and was not tried
};

struct Verdict {
  End end = End::refused;
  std::string wrong = {};  // a sentence; empty: everything holds
};

/// What is wrong with an error of a reader, or "".
std::string fault_of(const Error& error, ErrorKind kind, const std::string& file);

/// Runs a reader under bounds of time and memory. What it throws becomes a verdict.
/// @param kind of a refusal
/// @param bytes of the file, which bound the memory
Verdict judge_reader(ErrorKind kind, const std::string& file, std::size_t bytes,
                     const std::function<void()>& read, const std::function<Verdict()>& use);

}  // namespace bnn::proof
